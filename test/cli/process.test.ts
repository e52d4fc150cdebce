import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import {
  appendFileSync,
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { plain } from '../../adapters/cli/plain-text.ts'
import { dial, readAll, readUntil } from '../node-fs/loopback.ts'
import {
  compileProgram,
  type Ended,
  entries,
  type Program,
  printed,
  type Running,
  start,
  startServer,
} from './program.ts'

let program: Program
beforeAll(async () => {
  program = await compileProgram()
})
afterAll(() => program.remove())

const running: Running[] = []
afterEach(async () => {
  for (const { child, ended } of running.splice(0)) {
    child.kill('SIGKILL')
    await ended
  }
})

async function server(...words: readonly string[]): ReturnType<typeof startServer> {
  const started = await startServer(program, ...words)
  running.push(started)
  return started
}

function layerdock(...words: readonly string[]): Promise<Ended> {
  const started = start(program, ...words)
  running.push(started)
  return started.ended
}

const digestOf = (bytes: Uint8Array): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** A push whose second half does not come. */
const halfPush = [
  `POST /v2/a/blobs/uploads/?digest=${digestOf(Buffer.from('all'))} HTTP/1.1`,
  'Host: h',
  'Content-Length: 8',
  '',
  'half',
].join('\r\n')

async function pushBlob(url: string, bytes: Uint8Array): Promise<string> {
  const digest = digestOf(bytes)
  const answer = await fetch(`${url}/v2/a/blobs/uploads/?digest=${digest}`, {
    method: 'POST',
    body: bytes as Uint8Array<ArrayBuffer>,
  })
  expect(answer.status).toBe(201)
  return digest
}

/** The status of a GET over a unix socket, asked again until somebody listens there. */
async function statusOver(socketPath: string, path: string): Promise<number> {
  for (;;) {
    const status = await new Promise<number | null>((resolve) => {
      get({ socketPath, path, agent: false }, (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      }).on('error', () => resolve(null))
    })
    if (status !== null) return status
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

describe('the program', () => {
  test('says its version and what it can do', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
    for (const word of ['--version', '-v', 'version']) {
      expect(await layerdock(word)).toEqual({ code: 0, out: `${version}\n`, err: '' })
    }
    expect(await layerdock('--help')).toMatchObject({
      code: 0,
      out: expect.stringContaining('layerdock serve'),
    })
    expect(await layerdock('serve', '--help')).toMatchObject({
      code: 0,
      out: expect.stringContaining('--storage-dir DIR'),
    })
    expect(await layerdock('recover', '-h')).toMatchObject({
      code: 0,
      out: expect.stringContaining('--start-empty'),
    })
  })

  test('names the nearest command and flag, with the exit code for usage', async () => {
    expect(await layerdock('serv')).toMatchObject({
      code: 2,
      err: expect.stringContaining('did you mean layerdock serve?'),
    })
    expect(await layerdock()).toMatchObject({
      code: 2,
      err: expect.stringContaining('serve or recover'),
    })
    expect(await layerdock('serve', '--memry')).toMatchObject({
      code: 2,
      err: expect.stringContaining('did you mean --memory?'),
    })
    expect(await layerdock('recover', '--memory')).toMatchObject({
      code: 2,
      err: 'layerdock: --memory: no such flag of this command; it is one of layerdock serve\n',
    })
    expect(await layerdock('migrate')).toEqual({
      code: 2,
      out: '',
      err: 'layerdock: migrate: no such command; layerdock --help says which there are\n',
    })
  })

  test('tells a wrong configuration file by exit code 78', async () => {
    const path = join(program.folder(), 'layerdock.json')
    writeFileSync(path, '{"storagDir": "x"}')
    const { code, err } = await layerdock('serve', '--config', path)
    expect(code).toBe(78)
    expect(err).toContain('did you mean "storageDir"?')
  })
})

describe('serve', () => {
  test('keeps what was pushed over a stop and a start', async () => {
    const folder = program.folder()
    const bytes = randomBytes(3_000_000)
    const first = await server('--storage-dir', folder)
    const digest = await pushBlob(first.url, bytes)
    first.child.kill('SIGTERM')
    expect((await first.ended).code).toBe(0)

    const second = await server('--storage-dir', folder)
    const answer = await fetch(`${second.url}/v2/a/blobs/${digest}`)
    expect(bytes.equals(Buffer.from(await answer.arrayBuffer()))).toBe(true)
    const part = await fetch(`${second.url}/v2/a/blobs/${digest}`, {
      headers: { Range: 'bytes=5-1000004' },
    })
    expect(part.status).toBe(206)
    expect(bytes.subarray(5, 1_000_005).equals(Buffer.from(await part.arrayBuffer()))).toBe(true)
  })

  test('gives file access enough threads', async ({ skip }) => {
    if (process.platform !== 'linux') skip()
    const { child, url } = await server('--storage-dir', program.folder())
    await Promise.all(Array.from({ length: 8 }, () => pushBlob(url, randomBytes(1000))))
    // Node itself has 7; the pool's default would make them 11.
    expect(readdirSync(`/proc/${child.pid}/task`).length).toBeGreaterThanOrEqual(12)
  })

  test('lets an upload finish while it drains, and tells others that it does', async () => {
    const started = await server('--storage-dir', program.folder())
    const bytes = Buffer.from('a slow layer')
    const socket = await dial(started.port)
    const path = `/v2/a/blobs/uploads/?digest=${digestOf(bytes)}`
    socket.write(`POST ${path} HTTP/1.1\r\nHost: h\r\nContent-Length: ${bytes.length}\r\n\r\n`)
    socket.write(bytes.subarray(0, 6))
    // On a connection of its own, answered: the upload's head has been read by then.
    expect((await fetch(`${started.url}/v2/`)).status).toBe(200)
    started.child.kill('SIGTERM')
    await printed(started, 'stopping')
    const ready = await fetch(`${started.url}/ready`)
    expect([ready.status, await ready.json()]).toEqual([503, { status: 'draining' }])
    expect((await fetch(`${started.url}/live`)).status).toBe(200)
    const late = await fetch(`${started.url}/v2/a/blobs/uploads/`, { method: 'POST' })
    expect(late.status).toBe(503)
    expect(late.headers.get('retry-after')).toBe('5')
    expect(late.headers.get('connection')).toBe('close')
    socket.write(bytes.subarray(6))
    expect(await readUntil(socket, '\r\n\r\n')).toMatch(/^HTTP\/1\.1 201 /)
    expect((await started.ended).code).toBe(0)
    await expect(fetch(`${started.url}/ready`)).rejects.toThrow()
    socket.destroy()
  })

  // Of many lines some are written while it serves, of few all as it ends.
  test.each([1, 100])('serves on and ends although nobody reads its %d lines', async (lines) => {
    const started = await server('--storage-dir', program.folder())
    started.child.stdout?.destroy()
    for (let count = 0; count < lines; count++) {
      expect((await fetch(`${started.url}/v2/`)).status).toBe(200)
    }
    started.child.kill('SIGTERM')
    expect((await started.ended).code).toBe(0)
  })

  test.skipIf(process.platform !== 'linux').each([
    ['a pipe that nobody reads', (path: string) => execFileSync('mkfifo', [path])],
    ['a full disk', (path: string) => symlinkSync('/dev/full', path)],
  ])('serves on and ends although its log goes to %s', async (_, make) => {
    const folder = program.folder()
    make(join(folder, 'log'))
    // A pipe that is open on both ends takes 64 KiB and then no more.
    const end = openSync(join(folder, 'log'), 'r+')
    const path = join(folder, 's')
    const words = [program.entry, 'serve', '--listen', `unix:${path}`, '--memory']
    const child = spawn(process.execPath, words, { stdio: ['ignore', end, 'ignore'] })
    const ended = new Promise((resolve) => child.once('exit', resolve))
    try {
      const target = `/v2/${'x'.repeat(1000)}/tags/list`
      for (let count = 0; count < 150; count++) await statusOver(path, target)
      child.kill('SIGTERM')
      expect(await ended).toBe(0)
    } finally {
      child.kill('SIGKILL')
      closeSync(end)
    }
  })

  test('gives up on what does not finish in time', async () => {
    const started = await server('--memory', '--drain-seconds', '0')
    const socket = await dial(started.port)
    socket.write(halfPush)
    expect((await fetch(`${started.url}/v2/`)).status).toBe(200)
    started.child.kill('SIGINT')
    expect(await started.ended).toMatchObject({
      code: 0,
      out: expect.stringContaining('cut what did not finish'),
    })
    socket.destroy()
  })

  test('stops at once on a second signal', async () => {
    const started = await server('--memory')
    const socket = await dial(started.port)
    socket.write(halfPush)
    expect((await fetch(`${started.url}/v2/`)).status).toBe(200)
    started.child.kill('SIGTERM')
    await printed(started, 'stopping')
    started.child.kill('SIGINT')
    expect((await started.ended).code).toBe(1)
    socket.destroy()
  })

  test('logs one line for a request, and no secret', async () => {
    const started = await server('--memory')
    await fetch(`${started.url}/v2/?token=canary-query`, {
      headers: {
        Authorization: 'Basic canary-header',
        Cookie: 'canary-cookie',
        'X-Request-Id': 'from-the-proxy',
        'User-Agent': 'a\u009b31mb',
      },
    })
    await fetch(`${started.url}/v2/x/blobs/nothing`, {
      headers: { 'X-Request-Id': 'not fit {} to log' },
    })
    const socket = await dial(started.port)
    socket.write('GET /v2/\u001b[2J HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
    await readAll(socket)
    started.child.kill('SIGTERM')
    const { out } = await started.ended
    expect(out).not.toContain('canary')
    expect(out.replaceAll('\n', '')).toBe(plain(out.replaceAll('\n', ''), out.length))
    const requests = entries(out).filter((entry) => entry.msg === 'request')
    expect(requests[0]).toEqual({
      level: 'info',
      time: expect.stringMatching(/^2\d{3}-/),
      msg: 'request',
      requestId: 'from-the-proxy',
      method: 'GET',
      path: '/v2/?token=…',
      status: 200,
      bytes: 2,
      ms: expect.any(Number),
      client: '127.0.0.1',
      userAgent: 'a\\x9b31mb',
    })
    expect(requests[1]).toMatchObject({
      status: 400,
      requestId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-z]+$/),
    })
  })

  test('logs a request that was cut before its answer without a status', async () => {
    const started = await server('--memory')
    const socket = await dial(started.port)
    socket.write(halfPush)
    expect((await fetch(`${started.url}/v2/`, { method: 'HEAD' })).status).toBe(200)
    socket.destroy()
    await printed(started, '"aborted":true')
    const requests = entries(started.out()).filter((entry) => entry.msg === 'request')
    const cut = requests.find((entry) => entry.aborted)
    expect(cut).toMatchObject({ method: 'POST', bytes: 0 })
    expect(cut).not.toHaveProperty('status')
    expect(requests.find((entry) => entry.method === 'HEAD')).toMatchObject({ bytes: 0 })
  })

  test('at level warn says nothing of requests', async () => {
    const path = join(program.folder(), 's')
    const words = ['serve', '--listen', `unix:${path}`, '--memory', '--log', 'warn']
    const started = start(program, ...words)
    running.push(started)
    expect(await statusOver(path, '/v2/')).toBe(200)
    started.child.kill('SIGTERM')
    expect(await started.ended).toEqual({ code: 0, out: '', err: '' })
  })

  test('for a person prints what to paste', async () => {
    const started = start(
      program,
      'serve',
      '--listen',
      '127.0.0.1:0',
      '--memory',
      '--log-format',
      'text',
    )
    running.push(started)
    await printed(started, 'docker pull 127.0.0.1:')
    expect(started.out()).toMatch(/^Layerdock .* at http:\/\/127\.0\.0\.1:[1-9]/)
  })

  test('cuts a stalled upload after the time that was set', async () => {
    const started = await server('--memory', '--stall-timeout', '200ms')
    const socket = await dial(started.port)
    socket.write(halfPush)
    await readAll(socket)
  })
})

describe('a server that cannot start says why and what to do', () => {
  test('the port is taken', async () => {
    const { port } = await server('--memory')
    const { code, err } = await layerdock('serve', '--memory', '--listen', `127.0.0.1:${port}`)
    expect(code).toBe(1)
    expect(err).toContain(`127.0.0.1:${port} is taken`)
    expect(err).toContain('--listen')
    expect(err.trim().split('\n')).toHaveLength(1)
  })

  test('the address is not ours', async () => {
    const { code, err } = await layerdock('serve', '--memory', '--listen', '192.0.2.1:5000')
    expect([code, err]).toEqual([
      1,
      expect.stringContaining('no interface of this machine has that address'),
    ])
  })

  test('the folder is in use', async () => {
    const folder = program.folder()
    await server('--storage-dir', folder)
    const { code, err } = await layerdock(
      'serve',
      '--listen',
      '127.0.0.1:0',
      '--storage-dir',
      folder,
    )
    expect([code, err]).toEqual([
      1,
      expect.stringContaining('another Layerdock is using this folder'),
    ])
  })

  test('the folder is a file, or cannot be', async () => {
    const path = join(program.folder(), 'file')
    writeFileSync(path, '')
    for (const directory of [path, join(path, 'below')]) {
      const { code, err } = await layerdock(
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
    const folder = program.folder()
    writeFileSync(join(folder, 'thesis.txt'), 'years of work')
    const words = ['serve', '--listen', '127.0.0.1:0', '--storage-dir', folder]
    const { code, err } = await layerdock(...words)
    expect([code, err]).toEqual([1, expect.stringContaining('holds "thesis.txt"')])
    expect(err).not.toContain('recover')
  })

  test('the folder is of a later version, which recover does not change either', async () => {
    const folder = program.folder()
    const first = await server('--storage-dir', folder)
    first.child.kill('SIGTERM')
    await first.ended
    const later = '{"format":2,"lock":"flock"}'
    writeFileSync(join(folder, 'store.json'), later)
    const commands = [['serve', '--listen', '127.0.0.1:0'], ['recover']]
    for (const way of ['--restore-marker', '--start-empty']) commands.push(['recover', way])
    for (const words of commands) {
      const { code, err } = await layerdock(...words, '--storage-dir', folder)
      expect([code, err]).toEqual([1, expect.stringContaining('Run a newer version')])
      expect(err).not.toContain('layerdock recover')
      expect(readFileSync(join(folder, 'store.json'), 'utf8')).toBe(later)
    }
  })

  test('a certificate that is not there, or none', async () => {
    const tls = (cert: string, key: string): Promise<Ended> =>
      layerdock('serve', '--memory', '--tls-cert', cert, '--tls-key', key)
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
    const folder = program.folder()
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
      ['package.json', 'is no private key in PEM'],
      [locked, 'is encrypted'],
      [other, 'is not the key of the certificate'],
    ] as const) {
      const started = layerdock('serve', '--memory', '--tls-cert', cert, '--tls-key', wrong)
      const { code, err } = await started
      expect([code, err]).toEqual([78, expect.stringContaining(`--tls-key ${wrong}: ${text}`)])
    }
    await server('--memory', '--tls-cert', cert, '--tls-key', key)
  })
})

describe('recover', () => {
  /** A store with one tag in it, cleanly closed. */
  async function store(): Promise<{ folder: string; digest: string }> {
    const folder = program.folder()
    const { url, child, ended } = await server('--storage-dir', folder)
    const digest = await pushBlob(url, Buffer.from('kept'))
    child.kill('SIGTERM')
    await ended
    return { folder, digest }
  }

  /** Flips a bit in the names and in what they could be read from instead; the files, as they are then. */
  function damage(folder: string): ReadonlyMap<string, Buffer> {
    const names = ['metadata.json', 'journal.0']
    return new Map(
      names.map((name) => {
        const bytes = readFileSync(join(folder, name))
        const middle = Math.floor(bytes.length / 2)
        bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle)
        writeFileSync(join(folder, name), bytes)
        return [name, bytes]
      }),
    )
  }

  test('leaves a whole store alone', async () => {
    const { folder } = await store()
    expect(await layerdock('recover', '--storage-dir', folder)).toMatchObject({
      code: 0,
      out: expect.stringContaining('the store is whole'),
    })
    expect(await layerdock('recover', '--storage-dir', folder, '--start-empty')).toMatchObject({
      code: 1,
      err: expect.stringContaining('nothing was changed'),
    })
  })

  test('says what opening a store put right', async () => {
    const { folder, digest } = await store()
    const names = readdirSync(folder).filter((name) => name.startsWith('journal.'))
    const newest = names.sort((a, b) => Number(a.slice(8)) - Number(b.slice(8))).at(-1) ?? ''
    appendFileSync(join(folder, newest), 'torn')
    const snapshot = readFileSync(join(folder, 'metadata.json'))
    snapshot.writeUInt8(snapshot.readUInt8(snapshot.length - 3) ^ 1, snapshot.length - 3)
    writeFileSync(join(folder, 'metadata.json'), snapshot)
    const looked = await layerdock('recover', '--storage-dir', folder)
    expect(looked.code).toBe(0)
    expect(looked.out).toContain('the store was damaged, lost nothing by it, and is whole again')
    expect(looked.out).toMatch(/^metadata\.json: damaged, kept as quarantine\/metadata\.json/m)
    expect(looked.out).toMatch(new RegExp(`^${newest}: 4 bytes .* kept as quarantine/`, 'm'))
    const again = await layerdock('recover', '--storage-dir', folder)
    expect(again.out).toContain('the store is whole')
    const { url } = await server('--storage-dir', folder)
    expect(await (await fetch(`${url}/v2/a/blobs/${digest}`)).text()).toBe('kept')
  })

  test('explains a folder that the system refuses to look at', async () => {
    const folder = join(program.folder(), 'x'.repeat(300))
    const { code, err } = await layerdock('recover', '--storage-dir', folder)
    expect([code, err]).toEqual([1, expect.stringContaining('--storage-dir')])
    expect(err.trim().split('\n')).toHaveLength(1)
  })

  test('a damaged store is not served, and the way to recover is named', async () => {
    const { folder } = await store()
    const damaged = damage(folder)
    const { code, err } = await layerdock(
      'serve',
      '--listen',
      '127.0.0.1:0',
      '--storage-dir',
      folder,
    )
    expect(code).toBe(1)
    expect(err).toMatch(/journal\.0|metadata\.json/)
    expect(err).toContain(`layerdock recover --storage-dir ${folder}`)

    const looked = await layerdock('recover', '--storage-dir', folder)
    expect(looked).toMatchObject({ code: 1, out: expect.stringContaining('--start-empty') })
    for (const [name, bytes] of damaged) {
      expect(readFileSync(join(folder, name)).equals(bytes)).toBe(true)
    }
  })

  test('--start-empty keeps the damaged file and every blob, and the store opens', async () => {
    const { folder, digest } = await store()
    const damaged = damage(folder)
    expect((await layerdock('recover', '--storage-dir', folder, '--start-empty')).code).toBe(0)
    const kept = readdirSync(join(folder, 'quarantine'))
    for (const [name, bytes] of damaged) {
      const place = kept.find((candidate) => candidate.startsWith(`${name}.`)) ?? ''
      expect(readFileSync(join(folder, 'quarantine', place)).equals(bytes)).toBe(true)
    }

    const { url } = await server('--storage-dir', folder)
    expect((await fetch(`${url}/v2/a/blobs/${digest}`)).status).toBe(404)
    expect(await pushBlob(url, Buffer.from('kept'))).toBe(digest)
    expect(await (await fetch(`${url}/v2/a/blobs/${digest}`)).text()).toBe('kept')
  })

  test('--restore-marker brings a store back whose marker alone is lost', async () => {
    const { folder, digest } = await store()
    rmSync(join(folder, 'store.json'))
    expect(
      (await layerdock('serve', '--listen', '127.0.0.1:0', '--storage-dir', folder)).code,
    ).toBe(1)
    expect((await layerdock('recover', '--storage-dir', folder, '--restore-marker')).code).toBe(0)
    const { url } = await server('--storage-dir', folder)
    expect(await (await fetch(`${url}/v2/a/blobs/${digest}`)).text()).toBe('kept')
  })

  test('--restore-marker does not help a damaged journal, and says so', async () => {
    const { folder } = await store()
    damage(folder)
    expect(await layerdock('recover', '--storage-dir', folder, '--restore-marker')).toMatchObject({
      code: 1,
      err: expect.stringContaining('store.json is whole'),
    })
  })

  test('a folder of other things is not touched', async () => {
    const folder = program.folder()
    appendFileSync(join(folder, 'thesis.txt'), 'years of work')
    for (const way of [[], ['--start-empty'], ['--restore-marker']]) {
      expect((await layerdock('recover', '--storage-dir', folder, ...way)).code).toBe(1)
    }
    expect(readdirSync(folder)).toEqual(['thesis.txt'])
  })

  test('a folder that is not there is not made', async () => {
    const folder = join(program.folder(), 'nowhere')
    expect((await layerdock('recover', '--storage-dir', folder)).code).toBe(1)
    expect(() => readdirSync(folder)).toThrow()
  })
})

describe('housekeeping', () => {
  test('deletes the bytes nobody names, and keeps those a manifest names', async () => {
    const storage = program.folder()
    const words = ['--storage-dir', storage, '--collect-every', '50ms', '--lease', '500ms']
    const { url } = await server(...words)
    const config = Buffer.from('{}')
    const kept = await pushBlob(url, config)
    const dropped = await pushBlob(url, randomBytes(1000))
    const mediaType = 'application/vnd.oci.image.manifest.v1+json'
    const entry = { mediaType: 'application/vnd.oci.empty.v1+json', digest: kept, size: 2 }
    const pushed = await fetch(`${url}/v2/a/manifests/latest`, {
      method: 'PUT',
      headers: { 'Content-Type': mediaType },
      body: JSON.stringify({ schemaVersion: 2, mediaType, config: entry, layers: [] }),
    })
    expect(pushed.status).toBe(201)
    const folder = join(storage, 'blobs/sha256')
    const hex = (digest: string): string => digest.slice('sha256:'.length)
    await expect.poll(() => readdirSync(folder), { timeout: 10_000 }).not.toContain(hex(dropped))
    expect(readdirSync(folder)).toContain(hex(kept))
    expect((await fetch(`${url}/v2/a/blobs/${dropped}`)).status).toBe(404)
    expect((await fetch(`${url}/v2/a/blobs/${kept}`)).status).toBe(200)
  })
})
