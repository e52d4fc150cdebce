import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { newBlobKey, parseBlobKey } from '../../adapters/disk/blob-key.ts'
import type { Files } from '../../adapters/disk/files.ts'
import { layoutOf } from '../../adapters/disk/layout.ts'
import { nodeFiles } from '../../adapters/disk/node-files.ts'
import { openDiskStore } from '../../adapters/disk/store.ts'
import { nodeHash } from '../../adapters/node-fs/index.ts'
import {
  createRegistry,
  parseDigest,
  parseRepositoryName,
  parseTag,
  parseUploadId,
} from '../../src/index.ts'
import { openMetadata } from '../../src/kit.ts'
import { runs } from '../sample.ts'
import { clientOf, digestOf } from './client.ts'

/** tus `d2489f2`: `%2F` and NUL in an upload id led out of the folder of the store. */

const seed = 20_261_124
const root = '/srv/store'
const layout = layoutOf(root)
const hex = '0123456789abcdef'

/** Strings that led out of folders elsewhere, and pieces of legal names. */
const piece = fc.oneof(
  fc.constantFrom(...['..', '.', '/', '\\', '//', '%2f', '%2F', '%5c', '%00', '\0', '\n', '\r']),
  fc.constantFrom(...['sha256', 'sha512', ':', '-', '_', '+', '~', ' ', '\t', '\u2215', '\uff0f']),
  fc.constantFrom(...['etc/passwd', 'C:', 'CON', '__proto__', '.json', '.new', 'store.json']),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.uuid(),
)
const encoded = fc
  .constantFrom(63, 64, 65, 128)
  .chain((length) =>
    fc.string({ unit: fc.constantFrom(...hex), minLength: length, maxLength: length }),
  )
const hostile = fc.oneof(
  fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join('')),
  fc.tuple(fc.constantFrom('sha256:', 'sha512:'), encoded, piece).map((pieces) => pieces.join('')),
  fc.tuple(fc.constantFrom('sha256:', 'sha512:'), encoded).map((pieces) => pieces.join('')),
)

function staysInside(path: string, within: string): boolean {
  const way = relative(within, path)
  return way !== '' && !way.startsWith('..') && !way.includes('\0')
}

const folders: string[] = []
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
})

describe('hostile names, digests and ids (tus d2489f2)', () => {
  it('none of 10,000 strings becomes a path outside its folder', () => {
    let digests = 0
    let ids = 0
    const property = fc.property(hostile, (text) => {
      const digest = parseDigest(text)
      if (digest !== null) {
        digests += 1
        const path = layout.blob(newBlobKey(digest))
        expect(path).toMatch(/^\/srv\/store\/blobs\/sha(?:256|512)\/[0-9a-f]+-[0-9a-f]{16}$/)
      }
      const blob = parseBlobKey(text)
      if (blob !== null)
        expect(layout.blob(blob.key)).toMatch(/^\/srv\/store\/blobs\/sha(?:256|512)\//)
      const id = parseUploadId(text)
      if (id !== null) {
        ids += 1
        for (const path of [layout.staged(id), layout.session(id)]) {
          expect(path).toMatch(/^\/srv\/store\/uploads\/[0-9a-f-]{36}(?:\.json)?$/)
        }
      }
      const name = parseRepositoryName(text)
      if (name !== null) expect(staysInside(join(root, name), root)).toBe(true)
      const tag = parseTag(text)
      if (tag !== null) expect(join(root, tag)).toBe(`${root}/${tag}`)
    })
    fc.assert(property, { numRuns: runs(10_000), seed })
    // If all strings were refused, the test would prove nothing.
    expect(digests).toBeGreaterThan(10)
    expect(ids).toBeGreaterThan(10)
  })

  it('sent to every endpoint, they reach no path outside the store and cause no 500', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'layerdock-names-'))
    folders.push(folder)
    const directory = join(folder, 'store')
    const touched: Set<string> = new Set()
    const failures: unknown[] = []
    const store = await openDiskStore({ directory, files: traced(nodeFiles, touched) })
    const metadata = await openMetadata({ log: store.log, leaseMs: 1000 })
    const registry = createRegistry({
      stores: { blobs: store.blobs, uploads: store.uploads, metadata },
      hash: nodeHash,
      onNotice: (event) => failures.push(event),
    })
    const client = clientOf(registry)
    await client.pushImage('app', 'latest')

    const property = fc.asyncProperty(hostile, fc.nat(11), async (text, endpoint) => {
      const [method, path] = requestWith(text, endpoint)
      const answer = await client.send(method, path, method === 'PUT' ? { body: 'x' } : {})
      expect(answer.status, `${method} ${path}`).toBeLessThan(500)
      await answer.arrayBuffer()
    })
    await fc.assert(property, { numRuns: runs(3_000), seed })
    expect((await client.send('GET', '/v2/app/manifests/latest')).status).toBe(200)
    await registry.close()
    await store.close()

    expect(failures).toEqual([])
    const outside = [...touched].filter(
      (path) => path !== directory && !staysInside(path, directory),
    )
    expect(outside.filter((path) => path !== folder)).toEqual([])
    expect(touched.size).toBeGreaterThan(10)
    expect(await readdir(folder)).toEqual(['store'])
  })
})

/** A request with `text` in the place of a client's string. */
function requestWith(text: string, endpoint: number): readonly [method: string, path: string] {
  const escaped = encodeURIComponent(text)
  const bare = text.replaceAll('?', '').replaceAll('#', '')
  const digest = digestOf('x')
  const requests: ReadonlyArray<readonly [string, string]> = [
    ['GET', `/v2/${bare}/tags/list`],
    ['GET', `/v2/app/manifests/${bare}`],
    ['PUT', `/v2/app/manifests/${bare}`],
    ['GET', `/v2/app/blobs/${bare}`],
    ['DELETE', `/v2/app/blobs/${bare}`],
    ['GET', `/v2/app/blobs/uploads/${bare}`],
    ['PATCH', `/v2/app/blobs/uploads/${bare}`],
    ['PUT', `/v2/app/blobs/uploads/${bare}?digest=${digest}`],
    ['POST', `/v2/${bare}/blobs/uploads/?digest=${escaped}`],
    ['POST', `/v2/app/blobs/uploads/?mount=${digest}&from=${escaped}`],
    ['POST', `/v2/app/blobs/uploads/?mount=${escaped}`],
    ['GET', `/v2/app/referrers/${bare}?artifactType=${escaped}&last=${escaped}`],
  ]
  return requests[endpoint % requests.length] ?? ['GET', '/']
}

/** Files that record every requested path. */
function traced(files: Files, touched: Set<string>): Files {
  return new Proxy(files, {
    get(target, name: keyof Files) {
      const method = target[name] as (...parameters: unknown[]) => unknown
      return (...parameters: unknown[]) => {
        for (const path of parameters.slice(0, name === 'rename' || name === 'link' ? 2 : 1)) {
          touched.add(String(path))
        }
        return method.apply(target, parameters)
      }
    },
  })
}
