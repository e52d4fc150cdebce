import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Serving, serve } from '../../adapters/node-fs/index.ts'
import { createRegistry } from '../../src/index.ts'
import { filesBelow, textOf } from '../architecture/source-files.ts'
import { type CodeFolder, makeCodeFolder } from '../document-code.ts'
import { type Block, blocksOf, pages } from './pages.ts'

const blocks = blocksOf(pages).filter(({ language }) =>
  ['ts', 'js', 'tsx', 'mjs'].includes(language),
)

/** The text of every example, which tests run (test/examples.test.ts, test/mount). */
const examples = new Set(
  filesBelow('examples')
    .filter((path) => path.endsWith('.ts'))
    .map((path) => textOf(path)),
)

/** Blocks that are run elsewhere, by words of theirs. */
const runElsewhere: readonly (readonly [words: string, where: string])[] = [
  ["describe('blobs among keys and values'", 'test/examples/custom-store.test.ts is this text'],
]

const isElsewhere = ({ code }: Block): boolean =>
  examples.has(code) || runElsewhere.some(([words]) => code.includes(words))
const ours = blocks.filter((block) => !isElsewhere(block))
const typed = ours.filter(({ about }) => about === '')

describe('code of all pages', () => {
  let code: CodeFolder
  /** Stands for a registry of others. */
  let other: Serving
  beforeAll(async () => {
    code = await makeCodeFolder()
    // What the guide of the custom store stands beside.
    for (const name of ['key-value.ts', 'key-value-blobs.ts', 'pieces.ts']) {
      code.write(name, textOf(`examples/custom-store/${name}`))
    }
    code.write(
      'users.htpasswd',
      'alice:$2b$10$ClIpUBINabZ1hFXh9FzFa.G9EodzFK.JbvErXLuyLsXXZaofuxgmG\n',
    )
    code.write('password', 'secret\n')
    code.write(
      'policy.json',
      JSON.stringify({ rules: [], quotas: [{ repositories: '**', bytes: '1GiB' }] }),
    )
    other = await serve(createRegistry(), { host: '127.0.0.1', port: 0 })
  })
  afterAll(async () => {
    await other.close(0)
    await code.remove()
  })

  test('is found', () => {
    expect(typed.length).toBeGreaterThan(18)
    for (const [words] of runElsewhere) {
      expect(blocks.filter(({ code }) => code.includes(words))).toHaveLength(1)
    }
  })

  test('has right types', () => code.check(typed.map(({ code }) => code)))

  test.each(typed)('$page, line $line, runs', async ({ code: text }) => {
    const made = await code.run<Made>(
      text.replace("URL('https://registry.example.com')", `URL('${other.url}')`),
    )
    made.page?.close?.()
    await made.stop?.()
    await made.serving?.close?.(0)
    await closed(made.server)
    if (made.stop === undefined) await made.registry?.close?.()
  })
})

/** What a block may have at its top. */
interface Made {
  readonly page?: { close?(): void }
  readonly serving?: { close?(ms: number): Promise<void> }
  readonly server?: { close?(then: () => void): unknown }
  readonly registry?: { close?(): Promise<void> }
  stop?(): Promise<void>
}

async function closed(server: Made['server']): Promise<void> {
  if (server?.close === undefined) return
  await new Promise<void>((resolve) => {
    server.close?.(() => resolve())
  })
}
