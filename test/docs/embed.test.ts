import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DiskRegistry, openRegistry, type Serving } from '../../adapters/node-fs/index.ts'
import type { Registry, RegistryOptions } from '../../src/index.ts'
import { type BlobStore, memoryStores } from '../../src/kit.ts'
import { type CodeFolder, codeBlocks, makeCodeFolder } from '../document-code.ts'
import { clientOf } from '../promises/client.ts'

const path = fileURLToPath(new URL('../../docs/embed.md', import.meta.url))
const page = readFileSync(path, 'utf8')

/** A block below a heading: the first, or the one with that index. */
function blockOf(heading: string, which = 0): string {
  const section = page.split(/^##+ /m).find((text) => text.startsWith(`${heading}\n`)) ?? ''
  return codeBlocks(section)[which] ?? ''
}

describe('docs/embed.md: its code runs as it stands', () => {
  let code: CodeFolder
  beforeAll(async () => {
    code = await makeCodeFolder()
  })
  afterAll(() => code.remove())

  it('in memory', async () => {
    const { said } = await code.run<{ said: number }>(blockOf('Make one'))
    expect(said).toBe(200)
  })

  it('in a folder, which is free again after stop', async () => {
    const text = blockOf('Make one', 1)
    const { serving, stop } = await code.run<{ serving: Serving; stop(): Promise<void> }>(text)
    await clientOf(serving.url).pushImage('app', 'latest')
    await stop()
  })

  it('with bytes elsewhere', async () => {
    const stores = memoryStores()
    const { openOver } = await code.run<{ openOver(blobs: BlobStore): Promise<DiskRegistry> }>(
      blockOf('Make one', 2),
    )
    const registry = await openOver(stores.blobs)
    expect(registry.status().store.blobs).toBe('elsewhere')
    await registry.close()
  })

  it('without HTTP', async () => {
    const { drop, list } = await code.run<{
      drop(name: string): Promise<number>
      list(): Promise<string[]>
    }>(blockOf('Call it'))
    expect(await drop('nothing/here')).toBe(0)
    expect(await list()).toEqual([])
  })

  it('a wrapper', async () => {
    const { registry } = await code.run<{ registry: Registry }>(blockOf('Change how it behaves'))
    const put = await pushIndex(registry, 'latest')
    expect(put.status).toBe(403)
    expect(await put.text()).toContain('only CI pushes to latest')
    expect((await pushIndex(registry, 'v1')).status).toBe(201)
  })

  it('access', async () => {
    const { registry } = await code.run<{ registry: Registry }>(blockOf('Access'))
    const statusFor = async (user: string | null): Promise<number> => {
      const headers = user === null ? {} : { Authorization: `Basic ${btoa(user)}` }
      return (await pushIndex(registry, 'v1', headers)).status
    }
    expect(await statusFor(null)).toBe(401)
    expect(await statusFor('ann:wrong')).toBe(401)
    expect(await statusFor('ann:pa55')).toBe(403)
    expect(await statusFor('ci:s3cret')).toBe(201)
  })

  it('events and reports', async () => {
    const { registry, lines } = await code.run<{ registry: Registry; lines: readonly string[] }>(
      blockOf('Events, reports and notices'),
    )
    expect((await pushIndex(registry, 'v1')).status).toBe(201)
    expect(lines[0]).toMatch(/^someone pushed app:v1 sha256:[0-9a-f]{64} 0$/)
    expect(lines[1]).toMatch(/^PUT \/v2\/<name>\/manifests\/<reference> 201 \d+ ms$/)
    expect(lines).toHaveLength(2)
  })

  it('a copy of a folder', async () => {
    const { copyFolder } = await code.run<{
      copyFolder(directory: string, into: string): Promise<boolean>
    }>(blockOf('Copy it'))
    const folder = await mkdtemp(join(tmpdir(), 'layerdock-copied-'))
    try {
      const from = join(folder, 'from')
      const registry = await openRegistry({ directory: from })
      expect((await pushIndex(registry, 'v1')).status).toBe(201)
      await registry.close()
      expect(await copyFolder(from, join(folder, 'to'))).toBe(true)
      const copied = await openRegistry({ directory: join(folder, 'to'), readOnly: true })
      const answer = await copied.fetch(new Request('http://localhost/v2/app/tags/list'))
      expect(await answer.json()).toMatchObject({ tags: ['v1'] })
      await copied.close()
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('maintenance', async () => {
    const { stop } = await code.run<{ stop(): Promise<void> }>(blockOf('Maintenance'))
    await stop()
  })
})

describe('docs/embed.md: what it says', () => {
  it('names every option of a registry', () => {
    const options: Readonly<Record<keyof RegistryOptions, true>> = {
      stores: true,
      hash: true,
      access: true,
      cors: true,
      prefix: true,
      stripped: true,
      limits: true,
      redirect: true,
      cursorSecret: true,
      observe: true,
      onNotice: true,
      tracing: true,
      readOnly: true,
      deletes: true,
      allowSparse: true,
      verifyReads: true,
      wrap: true,
      onEvent: true,
      outbox: true,
      pullEvents: true,
      clock: true,
    }
    const told = page.slice(page.indexOf('## Options'))
    expect(Object.keys(options).filter((name) => !told.includes(`\`${name}\``))).toEqual([])
  })
})

/** Pushes an index of nothing. */
async function pushIndex(
  { fetch }: Registry,
  tag: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  const type = 'application/vnd.oci.image.index.v1+json'
  return fetch(
    new Request(`http://localhost/v2/app/manifests/${tag}`, {
      method: 'PUT',
      headers: { ...headers, 'Content-Type': type },
      body: JSON.stringify({ schemaVersion: 2, mediaType: type, manifests: [] }),
    }),
  )
}
