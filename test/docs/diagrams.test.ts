import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openRegistry } from '../../adapters/node-fs/index.ts'
import { filesBelow, root, textOf } from '../architecture/source-files.ts'
import { clientOf } from '../promises/client.ts'

const folder = mkdtempSync(join(tmpdir(), 'layerdock-diagram-'))
afterAll(() => rmSync(folder, { recursive: true }))

const page = textOf('docs/how-it-works.md')

/** The names of boxes, and of files where `kind` says so. */
function namesIn(diagram: string, kind: string): readonly string[] {
  return [...diagram.matchAll(/<text class="([^"]*)"[^>]*>([^<]*)</g)]
    .filter(([, classes]) => classes === kind)
    .map(([, , name = '']) => name)
}

test.each(['request-path', 'data-on-disk'])(
  '%s.svg is described, and readable in dark and light',
  (name) => {
    const diagram = textOf(`docs/images/${name}.svg`)
    expect(diagram).toMatch(/<title id="title">.{10,}<\/title>/)
    expect(diagram).toMatch(/<desc id="desc">.{100,}<\/desc>/)
    expect(diagram).toContain('@media (prefers-color-scheme: dark)')
    expect(page).toMatch(new RegExp(`!\\[[^\\]]{80,}\\]\\(images/${name}\\.svg\\)`))
  },
)

/** Files of a store that come later, each with the folder of the code that names it. */
const later: Readonly<Record<string, string>> = {
  'metadata.previous.json': 'adapters/disk',
  quarantine: 'adapters/disk',
  access: 'adapters/cli',
}

test('data-on-disk.svg has the files of a store', async () => {
  const diagram = textOf('docs/images/data-on-disk.svg')
  for (let opened = 0; opened < 2; opened += 1) {
    const registry = await openRegistry({ directory: folder })
    const client = clientOf(registry)
    await client.pushImage('team/app', 'v1')
    await client.pushBlob('team/app', Buffer.alloc(100_000, String(opened)))
    await registry.close()
  }
  const there = readdirSync(folder).map((name) => name.replace(/^journal\.\d+$/, 'journal.N'))
  const named = namesIn(diagram, 'name mono')
    .flatMap((name) => name.split(', '))
    .map((name) => name.replace(/\/$/, ''))
    .filter((name) => name !== 'layerdock-data')
  expect(named.length).toBeGreaterThan(10)
  const isMadeLater = (name: string): boolean =>
    name in later &&
    filesBelow(later[name] ?? '').some((path) => textOf(path).includes(`'${name}'`))
  expect(named.filter((name) => !there.includes(name) && !isMadeLater(name))).toEqual([])
})

/** Where the code of each step is. */
const steps: Readonly<Record<string, string>> = {
  Client: 'test/clients',
  Server: 'adapters/serving',
  'Your program': 'examples/program.ts',
  Route: 'src/http/routes.ts',
  Access: 'src/ports/access.ts',
  wrap: 'src/assembled-registry.ts',
  Service: 'src/ports/registry-service.ts',
  Metadata: 'src/ports/metadata-store.ts',
  'Upload sessions': 'src/ports/upload-store.ts',
  Blobs: 'src/ports/blob-store.ts',
}

test('request-path.svg has the steps of the code', () => {
  const names = namesIn(textOf('docs/images/request-path.svg'), 'name')
  expect([...names].sort()).toEqual(Object.keys(steps).sort())
  expect(Object.values(steps).filter((path) => !existsSync(join(root, path)))).toEqual([])
})
