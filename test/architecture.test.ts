import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cycleIn, forbidden, layers, toldOf } from './architecture/layers.ts'
import { isDocumented, publicSymbols } from './architecture/public-symbols.ts'
import {
  codeOf,
  filesBelow,
  type Import,
  importsOf,
  root,
  textOf,
} from './architecture/source-files.ts'

const code: readonly string[] = ['src', 'adapters']
  .flatMap(filesBelow)
  .filter((path) => path.endsWith('.ts'))
const graph: ReadonlyMap<string, readonly Import[]> = new Map(
  code.map((path) => [path, importsOf(path, textOf(path))]),
)

/** Longer than 250 lines, and why it may be. */
const longFiles: Readonly<Record<string, string>> = {}

describe('who may import whom', () => {
  it('sees imports of every form', () => {
    const text = [
      "import type { A } from './a.ts'",
      "import {\n  b,\n  type C,\n} from '../ports/b.ts'",
      "import * as v from 'valibot'",
      "import './effects.ts'",
      "export type * from './d.ts'",
      "export { e } from 'node:fs'",
      "export const list = Array.from('abc')",
      "const late = await import('./late.ts')",
    ].join('\n')
    expect(importsOf('src/core/x.ts', text)).toEqual([
      { target: 'src/core/a.ts', typeOnly: true },
      { target: 'src/ports/b.ts', typeOnly: false },
      { target: 'valibot', typeOnly: false },
      { target: 'src/core/effects.ts', typeOnly: false },
      { target: 'src/core/d.ts', typeOnly: true },
      { target: 'node:fs', typeOnly: false },
      { target: 'src/core/late.ts', typeOnly: false },
    ])
  })

  it.each([
    ['src/oci/x.ts', 'src/ports/access.ts'],
    ['src/core/x.ts', 'src/http/call.ts'],
    ['src/core/x.ts', 'hono'],
    ['src/memory/x.ts', 'src/core/service.ts'],
    ['src/http/call.ts', 'src/core/service.ts'],
    ['src/http/call.ts', 'hono/tiny'],
    ['src/testing/x.ts', 'src/oci/digest.ts'],
    ['src/registry.ts', 'adapters/disk/files.ts'],
    ['adapters/disk/x.ts', 'node:fs'],
    ['adapters/disk/x.ts', 'src/oci/digest.ts'],
    ['adapters/node-fs/x.ts', 'adapters/cli/main.ts'],
    ['adapters/bun/x.ts', 'adapters/node-http/serve.ts'],
    ['adapters/deno/x.ts', 'adapters/node-fs/index.ts'],
    ['src/elsewhere.ts', 'src/oci/digest.ts'],
  ])('would refuse that %s imports %s', (path, target) => {
    expect(forbidden(path, [{ target, typeOnly: true }])).toHaveLength(1)
  })

  it('holds in every file', () => {
    expect(code.flatMap((path) => forbidden(path, graph.get(path) ?? []))).toEqual([])
  })

  it('stands in CONTRIBUTING.md just so', () => {
    const rows = textOf('CONTRIBUTING.md').matchAll(/^\| `([^`|]+)` \| [^|]+ \| ([^|]+) \|$/gm)
    const told = [...rows].map(([, where, imports]) => [where, imports])
    expect(told).toEqual(layers.map(toldOf))
  })

  it('imports only files that are there, by their whole name', () => {
    const lost = code.flatMap((path) =>
      (graph.get(path) ?? [])
        .filter(({ target }) => /^(?:src|adapters)\//.test(target))
        .filter(({ target }) => !existsSync(join(root, target)))
        .map(({ target }) => `${path} → ${target}`),
    )
    expect(lost).toEqual([])
  })

  it('has no ring of imports', () => {
    const arrow = (target: string, typeOnly = false): Import[] => [{ target, typeOnly }]
    expect(
      cycleIn(
        new Map([
          ['a', arrow('b')],
          ['b', arrow('a')],
        ]),
      ),
    ).toEqual(['a', 'b', 'a'])
    expect(
      cycleIn(
        new Map([
          ['a', arrow('b')],
          ['b', arrow('a', true)],
        ]),
      ),
    ).toBeNull()
    expect(cycleIn(graph)).toBeNull()
  })

  it('takes Hono as a value in http/app alone', () => {
    const takers = code.filter((path) =>
      (graph.get(path) ?? []).some(
        ({ target, typeOnly }) => /^hono(?:\/|$)/.test(target) && !typeOnly,
      ),
    )
    expect(takers).toEqual(['src/http/app.ts'])
  })

  it('has nothing that runs in ports', () => {
    for (const path of code.filter((path) => path.startsWith('src/ports/'))) {
      expect(
        (graph.get(path) ?? []).every(({ typeOnly }) => typeOnly),
        path,
      ).toBe(true)
      expect(codeOf(textOf(path)), path).not.toMatch(/^export (?:const|let|function|async|class)/m)
    }
  })
})

describe('the core knows no runtime', () => {
  const runtime = /(?<![\w.$-])(?:Buffer|process|Bun|Deno|__dirname|require)\s*[.([]/

  it('would see one', () => {
    expect(runtime.test(codeOf('const x = Buffer.from([])'))).toBe(true)
    expect(runtime.test(codeOf('// a Buffer. process.exit(1)\n/** Bun.serve() */\n'))).toBe(false)
  })

  it('names none in src', () => {
    const src = code.filter((path) => path.startsWith('src/'))
    expect(src.filter((path) => runtime.test(codeOf(textOf(path))))).toEqual([])
    expect(src.filter((path) => textOf(path).includes("'node:"))).toEqual([])
  })
})

describe('files say what they do', () => {
  const written = ['src', 'adapters', 'test', 'bench', 'conformance', 'examples']
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap(filesBelow)

  it('has no layer for odds and ends', () => {
    const odds = /(?:^|[/.-])(?:utils?|helpers?|common|misc)(?:[/.-]|$)/i
    expect(odds.test('src/core/string-utils.ts')).toBe(true)
    expect(written.filter((path) => odds.test(path))).toEqual([])
  })

  it('is short, or says why not', () => {
    const long = code.filter((path) => textOf(path).trimEnd().split('\n').length > 250)
    expect(long).toEqual(Object.keys(longFiles))
  })

  it('holds no path of the machine it was written on', () => {
    const places = ['work', 'root', 'home', 'opt', 'tmp/bash_jobs'].map((name) => `/${name}/`)
    const own = /\.(?:[cm]?[jt]s|json|md|ya?ml|sh|toml|html|txt)$|^[^.]+$/
    const documents = filesBelow('.').filter((path) => own.test(path) && path !== 'LICENSE')
    expect(documents).toContain('package.json')
    const found = documents.flatMap((path) =>
      places.filter((place) => textOf(path).includes(place)).map((place) => `${path}: ${place}`),
    )
    expect(found).toEqual([])
  })

  it('fetches packages from the public registry alone', () => {
    const lock = JSON.parse(textOf('package-lock.json')) as {
      readonly packages: Readonly<Record<string, { readonly resolved?: string }>>
    }
    const hosts = Object.values(lock.packages).flatMap(({ resolved }) =>
      resolved === undefined ? [] : [new URL(resolved).host],
    )
    expect(hosts.filter((host) => host !== 'registry.npmjs.org')).toEqual([])
  })
})

describe('the public surface', () => {
  const entries = [
    'src/index.ts',
    'src/kit.ts',
    'src/testing/index.ts',
    'adapters/node-fs/index.ts',
    'adapters/bun/index.ts',
    'adapters/deno/index.ts',
  ].filter((path) => existsSync(join(root, path)))

  it.each(entries)('says of everything in %s what it is', (entry) => {
    const symbols = publicSymbols(entry)
    expect(symbols.length).toBeGreaterThan(3)
    const bare = symbols.filter((symbol) => !isDocumented(symbol))
    expect(bare.map(({ name, path }) => `${path}: ${name}`)).toEqual([])
  })
})
