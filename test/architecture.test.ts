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

/** The files that may be longer than 250 lines, with the reason. */
const longFiles: Readonly<Record<string, string>> = {
  'src/ui/english.ts': 'all English of the page is in one file, so that it can be translated',
}

describe('the import table', () => {
  it('finds imports of every form', () => {
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
  ])('refuses that %s imports %s', (path, target) => {
    expect(forbidden(path, [{ target, typeOnly: true }])).toHaveLength(1)
  })

  it('is true for every file', () => {
    expect(code.flatMap((path) => forbidden(path, graph.get(path) ?? []))).toEqual([])
  })

  it('is the same in CONTRIBUTING.md', () => {
    const rows = textOf('CONTRIBUTING.md').matchAll(/^\| `([^`|]+)` \| [^|]+ \| ([^|]+) \|$/gm)
    const told = [...rows].map(([, where, imports]) => [where, imports])
    expect(told).toEqual(layers.map(toldOf))
  })

  it('has imports of existing files only, by their whole name', () => {
    const lost = code.flatMap((path) =>
      (graph.get(path) ?? [])
        .filter(({ target }) => /^(?:src|adapters)\//.test(target))
        .filter(({ target }) => !existsSync(join(root, target)))
        .map(({ target }) => `${path} → ${target}`),
    )
    expect(lost).toEqual([])
  })

  it('has no cycle of imports', () => {
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

  it('imports Hono as a value only in http/router and for templates, and its app only in http/hono-app', () => {
    const takers = code.filter((path) =>
      (graph.get(path) ?? []).some(
        ({ target, typeOnly }) => /^hono(?:\/|$)/.test(target) && !typeOnly,
      ),
    )
    expect(takers).toEqual(['src/http/hono-app.ts', 'src/http/router.ts', 'src/ui/html.ts'])
  })

  it('has only types in ports', () => {
    for (const path of code.filter((path) => path.startsWith('src/ports/'))) {
      expect(
        (graph.get(path) ?? []).every(({ typeOnly }) => typeOnly),
        path,
      ).toBe(true)
      expect(codeOf(textOf(path)), path).not.toMatch(/^export (?:const|let|function|async|class)/m)
    }
  })
})

describe('the core does not use a runtime', () => {
  const runtime = /(?<![\w.$-])(?:Buffer|process|Bun|Deno|__dirname|require)\s*[.([]/

  it('as the test would notice', () => {
    expect(runtime.test(codeOf('const x = Buffer.from([])'))).toBe(true)
    expect(runtime.test(codeOf('// a Buffer. process.exit(1)\n/** Bun.serve() */\n'))).toBe(false)
  })

  it('in any file of src', () => {
    const src = code.filter((path) => path.startsWith('src/'))
    expect(src.filter((path) => runtime.test(codeOf(textOf(path))))).toEqual([])
    expect(src.filter((path) => textOf(path).includes("'node:"))).toEqual([])
  })
})

describe('files', () => {
  const written = ['src', 'adapters', 'test', 'bench', 'conformance', 'examples']
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap(filesBelow)

  it('are not named utils, helpers, common or misc', () => {
    const odds = /(?:^|[/.-])(?:utils?|helpers?|common|misc)(?:[/.-]|$)/i
    expect(odds.test('src/core/string-utils.ts')).toBe(true)
    expect(written.filter((path) => odds.test(path))).toEqual([])
  })

  it('are short, or have a reason', () => {
    const long = code.filter((path) => textOf(path).trimEnd().split('\n').length > 250)
    expect(long).toEqual(Object.keys(longFiles))
  })

  it('contain no path of the machine where they were written', () => {
    const places = ['work', 'root', 'home', 'opt', 'tmp/bash_jobs'].map((name) => `/${name}/`)
    const own = /\.(?:[cm]?[jt]s|json|md|ya?ml|sh|toml|html|txt)$|^[^.]+$/
    const documents = filesBelow('.').filter((path) => own.test(path) && path !== 'LICENSE')
    expect(documents).toContain('package.json')
    const found = documents.flatMap((path) =>
      places.filter((place) => textOf(path).includes(place)).map((place) => `${path}: ${place}`),
    )
    expect(found).toEqual([])
  })

  it('fetch packages only from the public registry', () => {
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
    'src/webhooks/index.ts',
    'adapters/node-fs/index.ts',
    'adapters/bun/index.ts',
    'adapters/deno/index.ts',
    'adapters/s3/index.ts',
  ].filter((path) => existsSync(join(root, path)))

  it.each(entries)('has a docstring for everything in %s', (entry) => {
    const symbols = publicSymbols(entry)
    expect(symbols.length).toBeGreaterThan(3)
    const bare = symbols.filter((symbol) => !isDocumented(symbol))
    expect(bare.map(({ name, path }) => `${path}: ${name}`)).toEqual([])
  })
})
