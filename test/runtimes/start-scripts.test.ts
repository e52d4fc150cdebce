import { describe, expect, it } from 'vitest'
import { denoPermissions, runtimes, startProgram } from '../../conformance/servers.mjs'
import { root, textOf } from '../architecture/source-files.ts'

describe('bun run serve', () => {
  it('starts the server, passes flags on, and ends with it', async () => {
    const [bun = ''] = runtimes.bun?.find('current').command ?? []
    const flags = ['--listen', '127.0.0.1:0', '--memory']
    const server = await startProgram(bun, ['run', '--cwd', root, 'serve', ...flags])
    await server.stop()
    expect(server.output()).toContain('"storage":"memory"')
    expect(server.output()).toContain('"msg":"stopped"')
  })
})

describe('deno task serve', () => {
  const { imports } = JSON.parse(textOf('deno.json')) as { imports: Record<string, string> }
  const { dependencies } = JSON.parse(textOf('package.json')) as {
    dependencies: Record<string, string>
  }

  it('takes the packages that npm installs', () => {
    const same = Object.entries(dependencies).map(([name, version]) => [
      name,
      `npm:${name}@${version}`,
    ])
    expect(imports).toEqual(Object.fromEntries(same))
  })

  it('names what the server may do', () => {
    expect(denoPermissions()).toContain('--allow-net')
    expect(textOf('deno.json')).not.toMatch(/ (?:-A|--allow-all|--allow-ffi|--allow-run) /)
  })
})
