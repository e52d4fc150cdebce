import { execFile } from 'node:child_process'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { denoPermissions, runtimes, startProgram, startServer } from '../../conformance/servers.mjs'
import { root, textOf } from '../architecture/source-files.ts'

describe.each(['bun', 'deno'])('on %s', (runtime) => {
  const { entry = '', find } = runtimes[runtime] ?? {}
  const [program = '', ...before] = find?.('current').command ?? []

  /** The message of a server that cannot start. */
  const complaint = async (address: string, ...words: readonly string[]): Promise<string> => {
    const serve = ['serve', '--memory', '--listen', address, ...words]
    const args = [...before, join(root, entry), ...serve]
    return promisify(execFile)(program, args, { cwd: root, timeout: 100_000 }).then(
      () => 'it started',
      ({ stderr }: { readonly stderr: string }) => stderr,
    )
  }

  it('an address that cannot be listened on is explained', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as AddressInfo
    expect(await complaint(`127.0.0.1:${port}`)).toContain('is taken')
    taken.close()
    expect(await complaint('192.0.2.1:5000', '--read-only')).toContain(
      'no interface of this machine',
    )
    expect(await complaint('no-such-host.invalid:5000', '--read-only')).toContain(
      'there is no such host',
    )
    expect(await complaint('unix:/no-such-folder/socket')).toContain('is not there')
  })

  it('an invalid certificate is explained', async () => {
    const words = ['--tls-cert', 'package.json', '--tls-key', 'package.json']
    const told = await complaint('127.0.0.1:0', ...words)
    expect(told).toMatch(
      /^layerdock: --tls-cert package\.json: is not a certificate chain in PEM .*\n$/,
    )
  })

  it('a port has one server', async () => {
    const store = { store: 'memory' as const, dir: '' }
    const first = await startServer({ command: [program, ...before], entry, ...store })
    expect(await complaint(first.host)).toContain('is taken')
    await first.kill()
  })
})

describe('npm start', () => {
  it('starts the server, passes flags on, and ends with it', async () => {
    const flags = ['--listen', '127.0.0.1:0', '--memory']
    const server = await startProgram('npm', [
      '--silent',
      '--prefix',
      root,
      'start',
      '--',
      ...flags,
    ])
    await server.stop()
    expect(server.output()).toContain('"storage":"memory"')
    expect(server.output()).toContain('"msg":"stopped"')
  })

  it('has no script that Windows cannot run', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> }
    const words = Object.values(scripts).flatMap((script) => script.split(' && '))
    const programs = new Set(words.map((command) => command.split(' ')[0]))
    // `exec` is a command of sh, and on Windows a file beside package.json.
    const everywhere = ['biome', 'bun', 'deno', 'exec', 'node', 'npm', 'tsc', 'vitest']
    expect([...programs].filter((name) => !everywhere.includes(name ?? ''))).toEqual([])
    expect(textOf('exec.cmd')).toMatch(/^@%\*\r?$/m)
    expect(Object.values(scripts).filter((script) => /["'`$;|<>]/.test(script))).toEqual([])
  })
})

describe('bun run serve', () => {
  it('starts the server, passes flags on, and ends with it', async () => {
    const [bun = ''] = runtimes.bun?.find('current').command ?? []
    const flags = ['--listen', '127.0.0.1:0', '--memory']
    const server = await startProgram(bun, ['run', '--silent', '--cwd', root, 'serve', ...flags])
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

  it('names the permissions of the server', () => {
    expect(denoPermissions()).toContain('--allow-net')
    expect(textOf('deno.json')).not.toMatch(/ (?:-A|--allow-all|--allow-ffi|--allow-run) /)
  })
})
