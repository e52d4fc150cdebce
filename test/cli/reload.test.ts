import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readUntil } from '../node-fs/loopback.ts'
import {
  certificateName,
  dialTls,
  hasOpenssl,
  makeCertificate,
  takesVersion,
} from './certificates.ts'
import { describeEverywhere, digestOf, type Harness, useProgram } from './harness.ts'
import { cleanEnvironment, printed, type RunningServer } from './program.ts'

interface Serving {
  readonly folder: string
  readonly started: RunningServer
}

async function serveTls(cli: Harness, name: string): Promise<Serving> {
  const folder = cli.folder()
  const { cert, key } = makeCertificate(folder, name)
  return { folder, started: await cli.serve('--memory', '--tls-cert', cert, '--tls-key', key) }
}

/** A POST of a blob over a connection of its own, of which the second half is still to come. */
async function halfPushed(port: number) {
  const bytes = Buffer.from('a slow layer')
  const { socket } = await dialTls(port)
  const target = `/v2/a/blobs/uploads/?digest=${digestOf(bytes)}`
  const head = `POST ${target} HTTP/1.1\r\nHost: h\r\nContent-Length: ${bytes.length}\r\n`
  socket.write(`${head}Expect: 100-continue\r\n\r\n`)
  await readUntil(socket, '100 Continue\r\n\r\n')
  socket.write(bytes.subarray(0, 6))
  return {
    async finish(): Promise<string> {
      socket.write(bytes.subarray(6))
      const answer = await readUntil(socket, '\r\n\r\n')
      socket.destroy()
      return answer
    },
  }
}

describeEverywhere('a reload on %s', (runtime) => {
  const cli = useProgram(runtime)

  test('is what SIGHUP asks for, and ends nothing', async () => {
    const { url, ...started } = await cli.serve('--memory')
    started.child.kill('SIGHUP')
    await printed(started, '"msg":"reloaded"')
    expect((await fetch(`${url}/v2/`)).status).toBe(200)
    started.child.kill('SIGTERM')
    expect((await started.ended).code).toBe(0)
  })

  describe.skipIf(!hasOpenssl)('of a certificate', () => {
    test('lets a push under way finish', async ({ expect }) => {
      const { folder, started } = await serveTls(cli, 'first')
      expect(await certificateName(started.port)).toBe('first')
      const push = await halfPushed(started.port)
      makeCertificate(folder, 'second')
      started.child.kill('SIGHUP')
      await printed(started, '"subject":"CN=second"')
      await expect.poll(() => certificateName(started.port)).toBe('second')
      expect(await push.finish()).toMatch(/^HTTP\/1\.1 201 /)
      started.child.kill('SIGTERM')
      expect((await started.ended).code).toBe(0)
    })

    test('happens by itself once the files are renewed', async ({ expect }) => {
      const { folder, started } = await serveTls(cli, 'first')
      makeCertificate(folder, 'second')
      await expect.poll(() => certificateName(started.port)).toBe('second')
    })

    test('that is not whole changes nothing', async ({ expect }) => {
      const { folder, started } = await serveTls(cli, 'first')
      const { key } = makeCertificate(folder, 'second')
      writeFileSync(key, readFileSync(key, 'utf8').slice(0, 100))
      started.child.kill('SIGHUP')
      await printed(started, 'not reloaded: the server goes on as before')
      expect(started.out()).toContain(`--tls-key ${key}: is not a private key`)
      expect(await certificateName(started.port)).toBe('first')
      makeCertificate(folder, 'third')
      await expect.poll(() => certificateName(started.port)).toBe('third')
    })
  })

  test.skipIf(!hasOpenssl)('is not needed for TLS 1.2, and TLS 1.1 is refused', async () => {
    const { started } = await serveTls(cli, 'first')
    expect(await takesVersion(started.port, 'TLSv1.3')).toBe(true)
    expect(await takesVersion(started.port, 'TLSv1.2')).toBe(true)
    expect(await takesVersion(started.port, 'TLSv1.1')).toBe(false)
  })
})

describe('a reload', () => {
  const cli = useProgram()

  test('of files that became pipes says so, and goes on', async () => {
    const folder = cli.folder()
    const path = join(folder, 'config.json')
    writeFileSync(path, '{"log": "info"}')
    const { url, ...started } = await cli.serve('--memory', '--config', path)
    rmSync(path)
    execFileSync('mkfifo', [path])
    started.child.kill('SIGHUP')
    await printed(started, 'is a pipe, which cannot be read again')
    expect((await fetch(`${url}/v2/`)).status).toBe(200)
  })

  test('reads the configuration file again, and names what waits for a restart', async () => {
    const path = join(cli.folder(), 'layerdock.json')
    writeFileSync(path, '{"log": "info"}')
    const started = await cli.serve('--memory', '--config', path)
    const requests = (): number => started.out().split('"msg":"request"').length - 1
    await fetch(`${started.url}/v2/`)
    await expect.poll(requests).toBe(1)
    writeFileSync(path, '{"log": "debug", "readOnly": true}')
    started.child.kill('SIGHUP')
    await printed(started, '"settings":["readOnly"],"msg":"changed settings wait for a restart"')
    writeFileSync(path, '{"log": "loud"}')
    started.child.kill('SIGHUP')
    await printed(started, `${path}: \\"log\\": loud: is not one of`)
    writeFileSync(path, '{"log": "warn", "readOnly": true}')
    started.child.kill('SIGHUP')
    await expect.poll(() => started.out().split('wait for a restart').length).toBe(3)
    await fetch(`${started.url}/v2/`)
    started.child.kill('SIGTERM')
    await started.ended
    expect(requests()).toBe(1)
  })

  test.skipIf(spawnSync('script', ['--version']).status !== 0)(
    'is not what the end of the terminal asks for: the server stops',
    async () => {
      const folder = cli.folder()
      const log = join(folder, 'log')
      const words = [...cli.command(), 'serve', '--listen', '127.0.0.1:0', '--memory']
      // As a shell at the terminal would be, the server is the one who is told that it ended.
      const command = `exec ${words.join(' ')} > ${log}`
      const terminal = spawn('script', ['-qf', '-c', command, join(folder, 'typescript')], {
        env: cleanEnvironment,
      })
      try {
        await expect.poll(() => readFileSync(log, 'utf8')).toContain('listening')
      } finally {
        const closed = once(terminal, 'exit')
        terminal.kill('SIGKILL')
        await closed
      }
      await expect.poll(() => readFileSync(log, 'utf8')).toContain('"msg":"stopped"')
      expect(readFileSync(log, 'utf8')).toContain('"signal":"SIGHUP"')
    },
  )
})
