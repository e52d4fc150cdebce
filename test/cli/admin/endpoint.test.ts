import { chownSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { testInCi } from '../../on-runtimes.ts'
import { describeEverywhere, useProgram } from '../harness.ts'
import { entries, printed } from '../program.ts'

interface Address {
  readonly port: number
  readonly token: string
}

function addressIn(path: string): Address {
  return JSON.parse(readFileSync(path, 'utf8'))
}

interface Asked {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

interface Answer {
  readonly status: number
  readonly text: string
}

/** Asks the admin endpoint as `layerdock gc` does, but for what is given. */
function ask(
  { port, token }: Address,
  { headers, body = '{"dropEmpty":false,"dryRun":false,"explain":null}', ...asked }: Asked,
) {
  return new Promise<Answer>((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        method: 'POST',
        path: '/gc',
        agent: false,
        ...asked,
        headers: { Authorization: `Bearer ${token}`, ...headers },
      },
      (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (piece) => {
          text += piece
        })
        response.once('end', () => resolve({ status: response.statusCode ?? 0, text }))
      },
    )
    sent.once('error', reject)
    sent.end(body)
  })
}

describeEverywhere('the admin endpoint on %s', (runtime) => {
  const cli = useProgram(runtime)

  test('has a running server collect garbage', async ({ expect }) => {
    const folder = cli.folder()
    const started = await cli.serve('--storage-dir', folder)
    const file = join(folder, 'admin.json')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(await cli.run('gc', '--storage-dir', folder)).toEqual({
      code: 0,
      out: 'freed 0 B: 0 blobs\n',
      err: '',
    })
    const asJson = await cli.run('gc', '--storage-dir', folder, '--json', '--drop-empty')
    expect(JSON.parse(asJson.out)).toMatchObject({ blobs: 0, bytes: 0, repositories: 0 })
    started.child.kill('SIGTERM')
    const { out } = await started.ended
    const began = entries(out).filter(({ msg }) => msg === 'an operation began')
    expect(began).toMatchObject([{ operation: 'gc' }, { operation: 'gc' }])
    expect(existsSync(file)).toBe(false)
  })

  test('answers those alone who know the token, and nothing but operations', async ({ expect }) => {
    const folder = cli.folder()
    const started = await cli.serve('--storage-dir', folder)
    const address = addressIn(join(folder, 'admin.json'))
    const refused = async (asked: Asked): Promise<number> => (await ask(address, asked)).status
    expect(await refused({})).toBe(200)
    expect(await refused({ headers: { Host: 'evil.example' } })).toBe(421)
    expect(await refused({ headers: { Host: `localhost:${address.port}` } })).toBe(421)
    expect(await refused({ headers: { Origin: 'https://evil.example' } })).toBe(403)
    expect(await refused({ headers: { Authorization: '' } })).toBe(401)
    expect(await refused({ headers: { Authorization: `Bearer ${'0'.repeat(64)}` } })).toBe(401)
    expect(await refused({ headers: { Authorization: `Basic ${address.token}` } })).toBe(401)
    expect(await refused({ method: 'GET', body: '' })).toBe(405)
    expect(await refused({ path: '/' })).toBe(404)
    expect(await refused({ path: '/gc?token=x' })).toBe(404)
    expect(await refused({ path: '/v2/' })).toBe(404)
    expect(await refused({ body: '' })).toBe(400)
    expect(
      await refused({ body: '{"dropEmpty":false,"dryRun":false,"explain":null,"more":1}' }),
    ).toBe(400)
    expect(await refused({ body: `"${'x'.repeat(1024 * 1024)}"` })).toBe(413)
    // The listener of clients has nothing of it, with the token or without.
    const open = { ...address, port: started.port }
    expect((await ask(open, {})).status).toBe(404)
    expect((await ask(open, { path: '/v2/gc' })).status).toBe(404)
    started.child.kill('SIGTERM')
    const { out, err } = await started.ended
    expect(out + err).not.toContain(address.token)
  })

  test('is missed by a command that then does the work itself', async ({ expect }) => {
    const folder = cli.folder()
    const started = await cli.serve('--storage-dir', folder)
    started.child.kill('SIGKILL')
    await started.ended
    // Left behind; nothing listens there any more.
    expect(existsSync(join(folder, 'admin.json'))).toBe(true)
    const gc = await cli.run('gc', '--storage-dir', folder)
    expect(gc).toEqual({ code: 0, out: 'freed 0 B: 0 blobs\n', err: '' })
    const again = await cli.serve('--storage-dir', folder, '--no-admin')
    again.child.kill('SIGTERM')
    await again.ended
    // Not of that server, and so not its to remove.
    expect(existsSync(join(folder, 'admin.json'))).toBe(true)
  })
})

const cli = useProgram()

testInCi('a folder that another process has is explained', async () => {
  const folder = cli.folder()
  await cli.serve('--storage-dir', folder, '--no-admin')
  const [without, stale] = await Promise.all([
    cli.run('gc', '--storage-dir', folder),
    (async () => {
      const file = join(cli.folder(), 'admin.json')
      const left = { port: 1, token: '0'.repeat(64), pid: 4242 }
      writeFileSync(file, JSON.stringify(left), { mode: 0o600 })
      return await cli.run('gc', '--storage-dir', folder, '--admin-file', file)
    })(),
  ])
  expect(without.code).toBe(1)
  expect(without.err).toMatch(/a process has this folder, and there is no .*admin\.json/)
  expect(stale.code).toBe(1)
  expect(stale.err).toMatch(/is of another, process 4242, which has ended/)
})

test('a file that others may read is refused', async () => {
  const file = join(cli.folder(), 'admin.json')
  writeFileSync(file, JSON.stringify({ port: 1, token: '0'.repeat(64), pid: 1 }), { mode: 0o644 })
  const gc = await cli.run('gc', '--storage-dir', cli.folder(), '--admin-file', file)
  expect(gc.code).toBe(1)
  expect(gc.err).toContain('chmod 600')
})

test.skipIf(process.getuid?.() !== 0)('a file of another user is refused', async () => {
  const file = join(cli.folder(), 'admin.json')
  writeFileSync(file, JSON.stringify({ port: 1, token: '0'.repeat(64), pid: 1 }), { mode: 0o600 })
  chownSync(file, 12_345, 12_345)
  const gc = await cli.run('gc', '--storage-dir', cli.folder(), '--admin-file', file)
  expect(gc.code).toBe(1)
  expect(gc.err).toContain('belongs to another user (uid 12345)')
})

test('another program on the port of a server that was killed is not believed', async () => {
  const folder = cli.folder()
  const other = await cli.serve('--memory')
  await cli.serve('--storage-dir', folder, '--no-admin').then(async ({ child, ended }) => {
    child.kill('SIGTERM')
    await ended
  })
  const left = { port: other.port, token: '0'.repeat(64), pid: 1 }
  writeFileSync(join(folder, 'admin.json'), JSON.stringify(left), { mode: 0o600 })
  expect(await cli.run('gc', '--storage-dir', folder)).toMatchObject({ code: 0, err: '' })
})

test('a folder that is no store stays as it is', async () => {
  const gc = await cli.run('gc', '--storage-dir', cli.folder())
  expect(gc.code).toBe(1)
  expect(gc.err).toContain('is not a store')
})

test('a server whose file cannot be written serves without', async () => {
  const file = join(cli.folder(), 'absent', 'admin.json')
  const started = await cli.serve('--memory', '--admin-file', file)
  expect((await fetch(`${started.url}/v2/`)).status).toBe(200)
  await printed(started, 'no admin endpoint')
})

test('a server that only reads refuses changes', async () => {
  const folder = cli.folder()
  const file = join(cli.folder(), 'admin.json')
  const words = ['--storage-dir', folder, '--read-only', '--admin-file', file]
  await cli.serve(...words)
  expect(existsSync(join(folder, 'admin.json'))).toBe(false)
  const gc = await cli.run('gc', '--storage-dir', folder, '--admin-file', file)
  expect(gc.code).toBe(1)
  expect(gc.err).toBe('layerdock: this server only reads (--read-only), so it does no gc\n')
})

test('a file whose server has ended does not mean the default folder', async () => {
  const file = join(cli.folder(), 'admin.json')
  const absent = await cli.run('trash', 'empty', '--admin-file', file)
  expect([absent.code, absent.out]).toEqual([1, ''])
  expect(absent.err).toContain(`${file}: no server has written it. Without a server, name the`)
  const left = { port: 1, token: '0'.repeat(64), pid: 4242 }
  writeFileSync(file, JSON.stringify(left), { mode: 0o600 })
  const ended = await cli.run('trash', 'empty', '--admin-file', file)
  expect([ended.code, ended.out]).toEqual([1, ''])
  expect(ended.err).toContain(`${file}: its server has ended. Without a server, name the`)
})

test('a registry in memory is named by its file', async () => {
  const file = join(cli.folder(), 'admin.json')
  await cli.serve('--memory', '--admin-file', file)
  const gc = await cli.run('gc', '--admin-file', file)
  expect(gc).toMatchObject({ code: 0, out: 'freed 0 B: 0 blobs\n' })
})
