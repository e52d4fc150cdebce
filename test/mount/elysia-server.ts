// Run by Bun: serves a registry mounted in Elysia, and writes a line for every chunk that arrives.
import { Elysia } from 'elysia'
import type { HashFactory } from '../../src/ports/streaming-hash.ts'
import { createRegistry } from '../../src/registry.ts'

const [prefix = '', stripped = ''] = process.argv.slice(2)
const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** Bun's own hash. It digests a copy, because a digest ends the hash. */
const hash: HashFactory = (algorithm) => {
  const inner = new Bun.CryptoHasher(algorithm)
  return {
    digest: () => inner.copy().digest('hex'),
    update(bytes) {
      inner.update(bytes)
      say(String(bytes.byteLength))
    },
  }
}

declare const Bun: {
  CryptoHasher: new (
    algorithm: string,
  ) => {
    update(bytes: Uint8Array): void
    copy(): { digest(encoding: 'hex'): string }
  }
}

const registry = createRegistry({ prefix, stripped, hash })
const app = new Elysia({ serve: { hostname: '127.0.0.1', maxRequestBodySize: 2 ** 40 } })
if (stripped === '') app.mount(registry.fetch)
else app.mount(stripped, registry.fetch)
app.listen(0)
say(`port ${app.server?.port}`)
process.stdin.resume().on('end', () => process.exit())
