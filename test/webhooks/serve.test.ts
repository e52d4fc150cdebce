import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { describeEverywhere, useProgram } from '../cli/harness.ts'
import { entries } from '../cli/program.ts'
import { clientOf } from '../promises/client.ts'
import { type ReceiverServer, startReceiver } from './receivers/receiver-server.ts'
import { argoImageUpdater, fluxHmac, keelRegistry } from './receivers/receivers.ts'

const token = 'hunter2-hunter2-hunter2'

/** Every look is a command of its own. */
const eachAProcess = { interval: 300 }

describeEverywhere('layerdock serve --webhooks on %s', (runtime) => {
  const cli = useProgram(runtime)
  const receivers: ReceiverServer[] = []
  afterEach(() => {
    for (const receiver of receivers.splice(0)) receiver.close()
  })
  const started = async (...words: Parameters<typeof startReceiver>): Promise<ReceiverServer> => {
    const receiver = await startReceiver(...words)
    receivers.push(receiver)
    return receiver
  }

  interface Files {
    readonly file: string
    readonly words: readonly string[]
    write(endpoints: readonly object[]): void
  }

  function files(): Files {
    const folder = cli.folder()
    const file = join(folder, 'webhooks.json')
    writeFileSync(join(folder, 'token'), `${token}\n`, { mode: 0o600 })
    return {
      file,
      words: ['--storage-dir', join(folder, 'data'), '--webhooks', file],
      write(endpoints) {
        writeFileSync(file, JSON.stringify({ registry: 'registry.test', endpoints }), {
          mode: 0o600,
        })
      },
    }
  }

  test('tells each receiver in its own words', async ({ expect }) => {
    const argo = await started(argoImageUpdater, token)
    const flux = await started(fluxHmac, token)
    const keel = await started(keelRegistry, token)
    const { words, write } = files()
    const secret = { file: 'token' }
    write([
      {
        name: 'argo',
        url: argo.url,
        format: 'harbor',
        headers: { Authorization: secret },
        tags: '*',
        allowPrivate: true,
      },
      {
        name: 'flux',
        url: flux.url,
        format: 'cloudevents',
        secret,
        events: ['push', 'delete'],
        allowPrivate: true,
      },
      {
        name: 'keel',
        url: keel.url,
        format: 'distribution',
        repositories: 'team/**',
        events: ['push', 'pull'],
        allowPrivate: true,
      },
    ])
    const server = await cli.serve(...words, '--log', 'debug')
    const client = clientOf(server.url)
    await client.pushImage('team/app', 'v1')
    await client.pushImage('other/app', 'v1')
    await client.send('GET', '/v2/team/app/manifests/v1')
    await client.send('DELETE', '/v2/team/app/manifests/v1')
    await expect
      .poll(() => argo.taken.map(({ image }) => image).sort())
      .toEqual(['registry.test/other/app:v1', 'registry.test/team/app:v1'])
    await expect
      .poll(() => flux.taken.map(({ body }) => JSON.parse(body).type).sort())
      .toEqual([
        'dev.layerdock.manifest.pushed.v1',
        'dev.layerdock.manifest.pushed.v1',
        'dev.layerdock.tag.deleted.v1',
      ])
    await expect
      .poll(() => keel.taken.map(({ body }) => JSON.parse(body).events[0].action).sort())
      .toEqual(['pull', 'push'])
    server.child.kill('SIGTERM')
    const { code, out, err } = await server.ended
    expect(code).toBe(0)
    expect(`${out}${err}`).not.toContain('hunter2')
    expect(`${out}${err}`).not.toContain('s3cret-path')
  })

  test('tests, lists, sends again and drops, with a server and without', async ({ expect }) => {
    const flux = await started(fluxHmac, token)
    const { words, write } = files()
    write([
      {
        name: 'flux',
        url: flux.url,
        format: 'harbor',
        secret: { file: 'token' },
        allowPrivate: true,
      },
    ])
    const server = await cli.serve(...words)
    const client = clientOf(server.url)
    const asked = (...more: readonly string[]): ReturnType<typeof cli.run> =>
      cli.run('webhook', ...more, ...words)

    expect(await asked('test', 'flux')).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(/^flux \(http:\/\/127\.0\.0\.1:\d+\) took it\n$/),
    })
    expect(flux.taken[0]?.body).toContain('layerdock/webhook-test')
    expect(await asked('test', 'none')).toMatchObject({
      code: 1,
      err: expect.stringContaining('there are flux'),
    })
    flux.fail(410)
    expect(await asked('test', 'flux')).toMatchObject({
      code: 1,
      out: expect.stringContaining('did not take it: the receiver answered 410'),
    })

    await client.pushImage('team/app', 'v1')
    await client.pushImage('team/app', 'v2')
    await expect
      .poll(
        async () => JSON.parse((await asked('list', '--dead', '--json')).out).messages,
        eachAProcess,
      )
      .toMatchObject([
        {
          endpoint: 'flux',
          repository: 'team/app',
          tag: 'v1',
          event: 'manifest-pushed',
          state: 'dead',
          error: 'the receiver answered 410',
        },
        { tag: 'v2' },
      ])
    const listed = await asked('list', 'flux')
    expect(listed.out).toMatch(
      /^flux\tharbor to http:\/\/127\.0\.0\.1:\d+\t0 waiting\t2 given up\n\n/,
    )
    expect(listed.out).toContain(
      'manifest-pushed\tteam/app:v1\tgiven up, 1 try: the receiver answered 410',
    )
    expect(listed.out).not.toContain('s3cret-path')

    flux.fail(null)
    expect(await asked('resend', 'flux')).toMatchObject({
      code: 0,
      out: '2 messages wait to be sent again\n',
    })
    await expect
      .poll(() =>
        flux.taken.slice(1).map(({ body }) => JSON.parse(body).event_data.resources[0].tag),
      )
      .toEqual(['v1', 'v2'])
    flux.fail(410)
    await client.pushImage('team/app', 'v3')
    await expect
      .poll(async () => JSON.parse((await asked('list', '--json')).out).endpoints, eachAProcess)
      .toMatchObject([{ endpoint: 'flux', waiting: 0, dead: 1 }])
    server.child.kill('SIGTERM')
    await server.ended

    // Without a server, the command opens the folder itself.
    expect(await asked('list')).toMatchObject({
      code: 0,
      out: expect.stringContaining('1 given up'),
    })
    expect(await asked('resend', '--all')).toMatchObject({
      code: 0,
      out: '1 message waits to be sent again\n',
    })
    // A server that sends nothing says what waits, and the list does not say that it will be dropped.
    const [, folder = ''] = words
    const silent = await cli.serve('--storage-dir', folder)
    await expect.poll(silent.out).toContain('webhooks wait that this server does not send')
    const kept = await cli.run('webhook', 'list', '--storage-dir', folder)
    expect(kept.out).toContain('flux\tno --webhooks: its messages are kept until a server has it')
    silent.child.kill('SIGTERM')
    await silent.ended
    expect(await asked('drop', 'flux')).toMatchObject({ code: 0, out: 'forgot 1 message\n' })
    expect(await asked('drop')).toMatchObject({ code: 2 })
  })

  test('reads the file and its secrets again when they change, and keeps what was right', async ({
    expect,
  }) => {
    const flux = await started(fluxHmac, 'another-hunter2-hunter2')
    const { file, words, write } = files()
    const endpoint = {
      url: flux.url,
      format: 'harbor',
      secret: { file: 'token' },
      allowPrivate: true,
    }
    write([{ name: 'old', ...endpoint, repositories: 'nothing/here' }])
    const server = await cli.serve(...words)
    const client = clientOf(server.url)
    const logged = (msg: string): number =>
      entries(server.out()).filter((line) => line.msg === msg).length

    writeFileSync(file, '{"endpoints": 1}')
    server.child.kill('SIGHUP')
    await expect
      .poll(() => logged('webhooks not reloaded: those from before go on'))
      .toBeGreaterThan(0)
    write([{ name: 'flux', ...endpoint }])
    server.child.kill('SIGHUP')
    await expect.poll(() => logged('webhooks reloaded')).toBeGreaterThan(0)
    await client.pushImage('team/app', 'v1')
    await expect.poll(flux.asked).toBeGreaterThan(0)
    expect(flux.taken).toEqual([])
    // The file of the secret is watched.
    writeFileSync(join(file, '..', 'token'), 'another-hunter2-hunter2')
    await expect.poll(() => logged('webhooks reloaded')).toBeGreaterThan(1)
    await client.pushImage('team/app', 'v2')
    await expect.poll(() => flux.taken.map(({ body }) => body).join()).toContain('team/app:v2')
    expect(server.out()).not.toContain('hunter2')
  })

  test('does not start with a file that is wrong, and shows no secret', async () => {
    const { file, words, write } = files()
    write([
      {
        name: 'a',
        url: { env: 'HOOK_URL_THAT_IS_NOT_SET' },
        format: 'harbor',
        secret: { file: 'none' },
      },
    ])
    const ended = await cli.run('serve', '--listen', '127.0.0.1:0', ...words)
    expect(ended.code).toBe(78)
    expect(ended.err).toContain('endpoints[0].url.env: is not set in the environment')
    expect(ended.err).toContain('endpoints[0].secret.file: there is no such file')
    write([{ name: 'a', url: 'https://a.example', format: 'harbor', secret: token }])
    const text = await cli.run('serve', '--listen', '127.0.0.1:0', ...words)
    expect(text).toMatchObject({
      code: 78,
      err: expect.stringContaining('does not belong in this file'),
    })
    expect(text.err).not.toContain('hunter2')
    write([{ name: 'a', url: 'https://a.example', format: 'harbor' }])
    const reader = await cli.serve('--memory', '--read-only', '--webhooks', file)
    expect(reader.out()).toContain('a server with --read-only sends no webhooks')
    chmodSync(file, 0o666)
    const open = await cli.run('serve', '--listen', '127.0.0.1:0', ...words)
    expect(open).toMatchObject({ code: 78, err: expect.stringContaining('chmod o-w') })
  })
})
