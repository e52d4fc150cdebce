import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe } from 'vitest'
import { servesWhole, type Watched } from './serves-whole.ts'

const bun = fileURLToPath(new URL('../../node_modules/.bin/bun', import.meta.url))
const program = fileURLToPath(new URL('elysia-server.ts', import.meta.url))

/** Starts Elysia on Bun. The program ends when its input does, at the latest with this process. */
async function start(prefix: string, stripped: string): Promise<Watched> {
  const child = spawn(bun, [program, prefix, stripped], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  let arrived: (size: number) => void = () => {}
  const port = await new Promise<string>((resolve, reject) => {
    child.once('error', reject)
    createInterface(child.stdout).on('line', (line) => {
      if (line.startsWith('port ')) resolve(line.slice('port '.length))
      else arrived(Number(line))
    })
    void exited.then(() => reject(new Error('Bun ended before it listened')))
  })
  return {
    origin: `http://127.0.0.1:${port}`,
    arrival: () =>
      new Promise((resolve) => {
        arrived = resolve
      }),
    close() {
      child.stdin.end()
      return exited
    },
  }
}

describe.each([
  { prefix: '', stripped: '' },
  { prefix: '', stripped: '/v2' },
  { prefix: '/registry', stripped: '' },
  { prefix: '/registry', stripped: '/registry' },
  { prefix: '/registry', stripped: '/registry/v2' },
])('Elysia on Bun with prefix $prefix, mounted at $stripped', ({ prefix, stripped }) => {
  // At the path of the mount itself, Elysia answers HEAD with Content-Length: 0.
  const ownHead = stripped.endsWith('/v2') ? ['/v2', '/v2/'] : []
  servesWhole(prefix, () => start(prefix, stripped), ownHead)
})
