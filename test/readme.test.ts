import { existsSync, readFileSync } from 'node:fs'
import type { AddressInfo, Server } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { linkedPaths } from '../.ci/package-links.mjs'
import { operations } from '../adapters/cli/admin/operations.ts'
import { flagOf, settingNames, settings, variableOf } from '../adapters/cli/settings.ts'
import type { Serving } from '../adapters/node-fs/index.ts'
import { errorRows, type Registry } from '../src/index.ts'
import { filesBelow, textOf } from './architecture/source-files.ts'
import { type CodeFolder, codeBlocks, makeCodeFolder } from './document-code.ts'
import { clientOf as clientIn, imageManifest } from './http/client.ts'
import { clientOf } from './promises/client.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')

/** The cells of every row of every table, its heads and rules included. */
const cells: readonly (readonly string[])[] = readme
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )

describe('README: what it says of settings and limits', () => {
  const flags = [...readme.matchAll(/(?<![\w-])--([a-z][a-z-]+)/g)].map(([, flag]) => flag ?? '')
  /** Flags of other programs, and those that are no settings. */
  const others = [
    'tls-verify',
    'dest-tls-verify',
    'src-tls-verify',
    'plain-http',
    'insecure',
    'all',
    'version',
    'config',
    'help',
    // Of the benches and of the conformance command.
    'rounds',
    'peer',
    'addr',
    'port',
    'dir',
    'store',
    'registry',
    'nodes',
    'runtime',
  ]

  it('names only flags there are', async () => {
    const ofSettings = settingNames.flatMap((name) => [flagOf(name), `no-${flagOf(name)}`])
    const loaded = await Promise.all([...operations.values()].map(({ load }) => load()))
    const ofOperations = loaded.flatMap((operation) => Object.keys(operation.flags ?? {}))
    const known = [...ofSettings, ...ofOperations, ...others]
    const wrong = flags.filter((flag) => !known.includes(flag))
    expect(flags.length).toBeGreaterThan(10)
    expect(wrong).toEqual([])
  })

  it('names only variables there are', () => {
    const variables = [...readme.matchAll(/LAYERDOCK_[A-Z0-9_]+/g)].map(([name]) => name)
    const known = [
      ...settingNames.map(variableOf),
      'LAYERDOCK_CONFIG',
      'LAYERDOCK_CONFORMANCE',
      'LAYERDOCK_CONFORMANCE_V1_1',
    ]
    expect(variables.filter((name) => !known.includes(name))).toEqual([])
  })

  it('gives the three names and the default of each setting rightly', () => {
    const rows = cells.filter(([, variable]) => variable?.includes('LAYERDOCK_'))
    expect(rows.length).toBeGreaterThan(3)
    for (const [flag = '', variable = '', file = '', initially = ''] of rows) {
      const name = settingNames.find((name) => file === `\`${name}\``)
      expect(name, file).toBeDefined()
      if (name === undefined) continue
      expect(flag).toMatch(new RegExp(`^\`--(?:no-)?${flagOf(name)}\`$`))
      expect(variable).toContain(variableOf(name))
      const { defaultText, default: value } = settings[name]
      if (typeof value === 'boolean') expect(initially).toMatch(value ? /\bon$/ : /^off$/)
      else expect(initially).toBe(`\`${defaultText}\``)
    }
  })

  it('gives each limit its default and its error rightly', () => {
    const rows = cells.filter(([what]) => /\(`--[a-z-]+`\)$/.test(what ?? ''))
    expect(rows.length).toBeGreaterThan(4)
    for (const [what = '', initially = '', beyond = ''] of rows) {
      const flag = /\(`--([a-z-]+)`\)$/.exec(what)?.[1]
      const name = settingNames.find((name) => flagOf(name) === flag)
      const defaultText = name === undefined ? undefined : settings[name].defaultText
      expect(initially.replaceAll(/[ ,]/g, ''), what).toBe(defaultText)
      const [, status, code] = /^(\d{3}) `([A-Z_]+)`$/.exec(beyond) ?? []
      if (status === undefined) continue
      const known = Object.values(errorRows).map((row) => `${row.status} ${row.code}`)
      expect(known).toContain(`${status} ${code}`)
    }
  })

  it('leads to files that are there', () => {
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link]) => link ?? '')
    expect(links.length).toBeGreaterThan(3)
    expect(links.filter((link) => !existsSync(join(root, link)))).toEqual([])
  })

  it('and every other document of the npm package links only to files of the package', () => {
    const { files } = JSON.parse(textOf('package.json')) as { readonly files: readonly string[] }
    const shipped = (path: string): boolean =>
      ['README.md', 'LICENSE', ...files].some((entry) => `${path}/`.startsWith(`${entry}/`))
    const documents = filesBelow('.').filter((path) => path.endsWith('.md') && shipped(path))
    expect(documents).toContain('examples/custom-store/README.md')
    const dead = documents.flatMap((document) =>
      linkedPaths(document, textOf(document))
        .filter((path) => !existsSync(join(root, path)) || !shipped(path.replace(/\/$/, '')))
        .map((path) => `${document}: ${path}`),
    )
    expect(dead).toEqual([])
  })

  it('tells only of scripts there are', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    const run = [...readme.matchAll(/npm (?:run )?(start|test|[a-z]+(?= --\s))/g)]
    expect(run.length).toBeGreaterThan(2)
    expect(run.filter(([, name]) => !((name ?? '') in scripts))).toEqual([])
  })
})

describe('README: its code runs as it stands', () => {
  const blocks = codeBlocks(readme)
  let code: CodeFolder

  beforeAll(async () => {
    code = await makeCodeFolder()
  })
  afterAll(() => code.remove())

  it('has the blocks that are run below', () => {
    expect(blocks).toHaveLength(4)
  })

  it('a registry with users', async () => {
    const { registry } = await code.run<{ registry: Registry }>(blocks[0] ?? '')
    const ci = clientIn(registry, { Authorization: `Basic ${btoa('ci:secret')}` })
    await ci.pushImage('public/app', 'v1.0.0')
    await ci.pushBlob('public/app', 'another layer')
    const moved = await ci.send('PUT', '/v2/public/app/manifests/v1.0.0', {
      body: imageManifest('another layer'),
    })
    expect(moved.status).toBe(403)
    const anonymous = clientIn(registry)
    expect((await anonymous.send('GET', '/v2/public/app/tags/list')).status).toBe(200)
    expect((await anonymous.send('GET', '/v2/app/tags/list')).status).toBe(401)
  })

  it('a registry in an app', async () => {
    const { server } = await code.run<{ server: Server }>(blocks[1] ?? '')
    try {
      if (!server.listening) await new Promise((resolve) => server.once('listening', resolve))
      const { port } = server.address() as AddressInfo
      await clientOf(`http://localhost:${port}`).pushImage('app', 'latest')
    } finally {
      await new Promise((resolve) => server.close(resolve))
    }
  })

  it('a registry on disk', async () => {
    const made = await code.run<{
      serving: Serving
      registry: { close(): Promise<void> }
      said: string
    }>(blocks[2] ?? '')
    expect(made.said).toBe(`docker push 127.0.0.1:${made.serving.port}/anything`)
    await clientOf(made.serving.url).pushImage('app', 'latest')
    await made.serving.close(0)
    await made.registry.close()
  })

  it('a registry without a socket', async () => {
    const { said } = await code.run<{ said: object }>(blocks[3] ?? '')
    expect(said).toEqual({ items: [], more: false })
  })
})
