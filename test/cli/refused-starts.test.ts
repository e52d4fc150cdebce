import { execFileSync, spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { useProgram } from './harness.ts'
import type { Ended } from './program.ts'

const cli = useProgram()

describe('a server that cannot start says why and what to do', () => {
  test('the port is taken', async () => {
    const { port } = await cli.serve('--memory')
    const { code, err } = await cli.run('serve', '--memory', '--listen', `127.0.0.1:${port}`)
    expect(code).toBe(1)
    expect(err).toContain(`127.0.0.1:${port} is taken`)
    expect(err).toContain('--listen')
    expect(err.trim().split('\n')).toHaveLength(1)
  })

  test('the address is not ours', async () => {
    const { code, err } = await cli.run(
      'serve',
      '--memory',
      '--read-only',
      '--listen',
      '192.0.2.1:5000',
    )
    expect([code, err]).toEqual([
      1,
      expect.stringContaining('no interface of this machine has that address'),
    ])
  })

  test('the folder is in use', async () => {
    const folder = cli.folder()
    await cli.serve('--storage-dir', folder)
    const { code, err } = await cli.run('serve', '--listen', '127.0.0.1:0', '--storage-dir', folder)
    expect([code, err]).toEqual([
      1,
      expect.stringContaining('another Layerdock is using this folder'),
    ])
  })

  test('the folder is a file, or cannot be', async () => {
    const path = join(cli.folder(), 'file')
    writeFileSync(path, '')
    for (const directory of [path, join(path, 'below')]) {
      const { code, err } = await cli.run(
        'serve',
        '--listen',
        '127.0.0.1:0',
        '--storage-dir',
        directory,
      )
      expect([code, err]).toEqual([1, expect.stringMatching(/^layerdock: .*file/)])
      expect(err.trim().split('\n')).toHaveLength(1)
    }
  })

  test('the folder holds something else', async () => {
    const folder = cli.folder()
    writeFileSync(join(folder, 'thesis.txt'), 'years of work')
    const words = ['serve', '--listen', '127.0.0.1:0', '--storage-dir', folder]
    const { code, err } = await cli.run(...words)
    expect([code, err]).toEqual([1, expect.stringContaining('holds "thesis.txt"')])
    expect(err).not.toContain('recover')
  })

  test('the folder is of a later version, which recover does not change either', async () => {
    const folder = cli.folder()
    const first = await cli.serve('--storage-dir', folder)
    first.child.kill('SIGTERM')
    await first.ended
    const later = '{"format":9,"lock":"flock","needs":"0.9.0"}'
    writeFileSync(join(folder, 'store.json'), later)
    const commands = [['serve', '--listen', '127.0.0.1:0'], ['recover']]
    for (const way of ['--restore-marker', '--start-empty', '--accept-loss'])
      commands.push(['recover', way])
    for (const words of commands) {
      const { code, err } = await cli.run(...words, '--storage-dir', folder)
      expect([code, err]).toEqual([
        1,
        expect.stringContaining('Run Layerdock 0.9.0 or a newer version'),
      ])
      expect(err).not.toContain('layerdock recover')
      expect(readFileSync(join(folder, 'store.json'), 'utf8')).toBe(later)
    }
  })

  test('a certificate that is not there, or none', async () => {
    const tls = (cert: string, key: string): Promise<Ended> =>
      cli.run('serve', '--memory', '--tls-cert', cert, '--tls-key', key)
    expect(await tls('/no', '/no')).toEqual({
      code: 78,
      out: '',
      err: 'layerdock: --tls-cert /no: there is no such file\n',
    })
    const { code, err } = await tls('package.json', 'package.json')
    expect([code, err]).toEqual([78, expect.stringMatching(/^layerdock: --tls-cert .* in PEM/)])
    expect(err.trim().split('\n')).toHaveLength(1)
  })

  const noOpenssl = spawnSync('openssl', ['version']).error !== undefined

  test.skipIf(noOpenssl)('a key that is none, or that of another certificate', async () => {
    const folder = cli.folder()
    const cert = join(folder, 'cert.pem')
    const key = join(folder, 'key.pem')
    const words = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1'
    const subject = ['-subj', '/CN=localhost', '-keyout', key, '-out', cert]
    execFileSync('openssl', [...words.split(' '), ...subject], { stdio: 'ignore' })
    const other = join(folder, 'other.pem')
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    writeFileSync(other, privateKey.export({ type: 'pkcs8', format: 'pem' }))
    const locked = join(folder, 'locked.pem')
    const lock = { cipher: 'aes-256-cbc', passphrase: 'x' }
    writeFileSync(locked, privateKey.export({ type: 'pkcs8', format: 'pem', ...lock }))
    for (const [wrong, text] of [
      ['package.json', 'is not a private key in PEM'],
      [locked, 'is encrypted'],
      [other, 'is not the key of the certificate'],
    ] as const) {
      const started = cli.run('serve', '--memory', '--tls-cert', cert, '--tls-key', wrong)
      const { code, err } = await started
      expect([code, err]).toEqual([78, expect.stringContaining(`--tls-key ${wrong}: ${text}`)])
    }
    await cli.serve('--memory', '--tls-cert', cert, '--tls-key', key)
  })
})
