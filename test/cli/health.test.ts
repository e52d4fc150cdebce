import { expect, test } from 'vitest'
import { hasOpenssl, makeCertificate } from './certificates.ts'
import { describeEverywhere, useProgram } from './harness.ts'

describeEverywhere('layerdock health, on %s', (runtime) => {
  const cli = useProgram(runtime)

  test('says how the server does', async () => {
    const { port, child, ended } = await cli.serve('--memory')
    const listen = ['--listen', `127.0.0.1:${port}`]
    const fine = { code: 0, out: '{"status":"ok"}\n' }
    expect(await cli.run('health', ...listen)).toMatchObject(fine)
    expect(await cli.run('health', ...listen, '--live')).toMatchObject(fine)
    // A server that listens on every interface is asked on this machine.
    expect(await cli.run('health', '--listen', `:${port}`)).toMatchObject(fine)
    child.kill('SIGTERM')
    await ended
    expect(await cli.run('health', ...listen)).toMatchObject({
      code: 1,
      err: expect.stringContaining(`layerdock: 127.0.0.1:${port}: `),
    })
  })

  test('fails while the server drains, which still runs', async () => {
    const { port, child, ended } = await cli.serve('--memory', '--drain-delay', '300')
    const listen = ['--listen', `127.0.0.1:${port}`]
    child.kill('SIGTERM')
    await expect
      .poll(() => cli.run('health', ...listen))
      .toMatchObject({ code: 1, out: '{"status":"draining"}\n' })
    expect(await cli.run('health', ...listen, '--live')).toMatchObject({ code: 0 })
    child.kill('SIGKILL')
    await ended
  })

  test.skipIf(!hasOpenssl)('asks a server with a certificate over TLS', async () => {
    const { cert, key } = makeCertificate(cli.folder(), 'registry.example.com')
    const tls = ['--tls-cert', cert, '--tls-key', key]
    const { port } = await cli.serve('--memory', ...tls)
    const listen = ['--listen', `127.0.0.1:${port}`]
    expect(await cli.run('health', ...listen, ...tls)).toMatchObject({ code: 0 })
  })

  test('names what it cannot ask', async () => {
    expect(await cli.run('health', '--listen', ':0')).toMatchObject({
      code: 2,
      err: expect.stringContaining('port 0'),
    })
    expect(await cli.run('health', '--help')).toMatchObject({
      code: 0,
      out: expect.stringContaining('--live'),
    })
  })
})
