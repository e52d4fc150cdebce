import { existsSync, readFileSync } from 'node:fs'
import type { AddressInfo, Server } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { linkedPaths } from '../../.ci/package-links.mjs'
import type { Serving } from '../../adapters/node-fs/index.ts'
import { filesBelow, textOf } from '../architecture/source-files.ts'
import { type CodeFolder, codeBlocks, makeCodeFolder } from '../document-code.ts'
import { clientOf } from '../promises/client.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')

describe('README: what it says', () => {
  it('links, as every document of the npm package does, only to files of the package', () => {
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
    expect(blocks).toHaveLength(2)
  })

  it('a registry in an app', async () => {
    const { server } = await code.run<{ server: Server }>(blocks[0] ?? '')
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
    }>(blocks[1] ?? '')
    expect(made.said).toBe(`docker push 127.0.0.1:${made.serving.port}/anything`)
    await clientOf(made.serving.url).pushImage('app', 'latest')
    await made.serving.close(0)
    await made.registry.close()
  })
})
