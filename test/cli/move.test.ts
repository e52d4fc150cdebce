import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hashSync } from 'bcryptjs'
import { describe, expect, test } from 'vitest'
import { copyCommand } from '../../adapters/cli/copy-command.ts'
import { exportCommand } from '../../adapters/cli/export-command.ts'
import { importCommand } from '../../adapters/cli/import-command.ts'
import { DistributionFixture } from '../interchange/distribution-fixture.ts'
import { testInCi } from '../on-runtimes.ts'
import { end, pull, pushImage, tagsOf } from './copied-images.ts'
import { describeEverywhere, useProgram } from './harness.ts'
import { cleanEnvironment } from './program.ts'

describeEverywhere('on %s', (runtime) => {
  const cli = useProgram(runtime)

  test('a running registry is exported, comes back into another, and is copied over HTTP', async () => {
    const server = await cli.serve('--storage-dir', join(cli.folder(), 'data'))
    await pushImage(server.url, 'v1', Buffer.alloc(300_000, 'one'))
    const layout = join(cli.folder(), 'layout')
    const there = await cli.run('export', layout, '--from', server.url)
    expect(there).toMatchObject({ code: 0, err: '' })
    expect(there.out).toContain('copied 1 repository, 2 blobs, 1 manifest, 1 tag: 293 KiB')
    const fresh = join(cli.folder(), 'fresh')
    const back = await cli.run('import', layout, '--storage-dir', fresh, '--json')
    expect(JSON.parse(back.out)).toMatchObject({
      from: `${layout} (image layout)`,
      to: fresh,
      complete: true,
      copied: { repository: 1, blob: 2, manifest: 1, tag: 1 },
      problems: [],
    })
    const copied = await cli.run('copy', '--from', fresh, '--to', server.url, '--json')
    expect(JSON.parse(copied.out)).toMatchObject({ complete: true, looked: { tag: 1 }, bytes: 0 })
    const other = await cli.serve('--storage-dir', fresh)
    expect(await pull(other.url, 'v1')).toBe(await pull(server.url, 'v1'))
  })
})

describe('on node', () => {
  const cli = useProgram()

  test('a folder and an archive, of a server that runs and to one', async () => {
    const [data, fresh] = [join(cli.folder(), 'data'), join(cli.folder(), 'fresh')]
    const server = await cli.serve('--storage-dir', data)
    await pushImage(server.url, 'v1', Buffer.alloc(300_000, 'one'))
    await pushImage(server.url, 'v2', Buffer.from('two'))
    const layout = join(cli.folder(), 'layout')
    const all = await cli.run('export', layout, '--storage-dir', data)
    expect(all).toMatchObject({ code: 0, err: '' })
    expect(all.out).toContain('copied 1 repository, 3 blobs, 2 manifests, 2 tags: 293 KiB')
    const archive = join(cli.folder(), 'one.tar')
    const one = ['--repository', 'a:v1', '--json']
    const tar = await cli.run('export', archive, '--storage-dir', data, ...one)
    expect(JSON.parse(tar.out)).toMatchObject({ complete: true, copied: { tag: 1, manifest: 1 } })

    const back = await cli.run('import', layout, '--storage-dir', fresh, '--json')
    expect(back.code).toBe(0)
    expect(JSON.parse(back.out)).toMatchObject({
      from: `${layout} (image layout)`,
      to: fresh,
      complete: true,
      copied: { repository: 1, blob: 3, manifest: 2, tag: 2 },
      problems: [],
    })
    const again = await cli.run('import', layout, '--storage-dir', fresh)
    expect(again.out).toContain('copied nothing: 0 B')
    const other = await cli.serve('--storage-dir', fresh)
    expect(await tagsOf(other.url)).toEqual(['v1', 'v2'])
    for (const tag of ['v1', 'v2'])
      expect(await pull(other.url, tag)).toBe(await pull(server.url, tag))
    // Into a server that runs, as another repository.
    const running = await cli.run('import', archive, '--to', other.url, '--as', 'b')
    expect([running.code, running.err]).toEqual([0, ''])
    const answer = await fetch(`${other.url}/v2/b/manifests/v1`)
    expect(await answer.text()).toBe(await pull(server.url, 'v1'))
  })

  testInCi('a registry is copied over HTTP, from a server and to one', async () => {
    const [from, to] = [await cli.serve('--memory'), await cli.serve('--memory')]
    await pushImage(from.url, 'v1', Buffer.alloc(200_000, 'one'))
    await pushImage(from.url, 'v2', Buffer.from('two'))
    const dry = await cli.run('copy', '--from', from.url, '--to', to.url, '--dry-run')
    expect([dry.code, dry.err]).toEqual([0, ''])
    expect(dry.out).toContain('nothing was changed')
    expect(dry.out).toContain('would copy 1 repository, 3 blobs, 2 manifests, 2 tags: 195 KiB of')
    expect((await fetch(`${to.url}/v2/a/tags/list`)).status).toBe(404)
    const there = await cli.run('copy', '--from', from.url, '--to', to.url, '--verify')
    expect([there.code, there.err]).toEqual([0, ''])
    expect(there.out).toContain('copied 1 repository, 3 blobs, 2 manifests, 2 tags')
    expect(there.out).toMatch(/verified 5 blobs and manifests, .*: all are what they should be\n/)
    const over = await cli.run('copy', '--from', from.url, '--to', to.url, '--dry-run', '--json')
    expect(JSON.parse(over.out)).toMatchObject({
      dryRun: true,
      copied: { repository: 0, blob: 0, manifest: 0, tag: 0 },
      bytes: 0,
    })
    const folder = join(cli.folder(), 'store')
    const way = ['copy', '--from', `${to.url}/a:v1`, '--to', folder]
    expect((await cli.run(...way, '--dry-run')).out).toContain('would copy 1 repository, 2 blobs')
    expect(readdirSync(join(folder, '..'))).toEqual([])
    const checked = await cli.run(...way, '--verify')
    expect(checked).toMatchObject({ code: 0, err: '', out: expect.stringContaining('verified 3') })
    const moved = await cli.serve('--storage-dir', folder)
    expect(await tagsOf(moved.url)).toEqual(['v1'])
    expect(await pull(moved.url, 'v1')).toBe(await pull(from.url, 'v1'))
    // A tag that stands for something else stays, unless it is to move.
    await pushImage(moved.url, 'v2', Buffer.from('another two'))
    const foreseen = await cli.run('copy', '--from', from.url, '--to', moved.url, '--dry-run')
    expect(foreseen).toMatchObject({ code: 1, err: expect.stringContaining('conflict tag a:v2') })
    const conflict = await cli.run('copy', '--from', from.url, '--to', moved.url)
    expect(conflict).toMatchObject({ code: 1, err: expect.stringContaining('conflict tag a:v2') })
    const moving = await cli.run('copy', '--from', from.url, '--to', moved.url, '--move-tags')
    expect(moving.code).toBe(0)
    expect(await pull(moved.url, 'v2')).toBe(await pull(from.url, 'v2'))
  })

  test('the folder of distribution comes in, and what is damaged in it is named', async () => {
    const folder = cli.folder()
    const made = new DistributionFixture(folder)
    made.image('layer', 'team/app', 'v1')
    const damaged = made.image('another', 'team/app', 'v2')
    writeFileSync(made.data(damaged), '{}')
    const store = join(cli.folder(), 'store')
    const { code, out, err } = await cli.run('import', folder, '--storage-dir', store)
    expect(code).toBe(1)
    expect(out).toContain('(folder of distribution)')
    expect(out).toContain('not complete; problems: 2')
    expect(err).toContain(`damaged tag team/app:v2: its bytes are sha256:`)
    const server = await cli.serve('--storage-dir', store)
    const tags = await fetch(`${server.url}/v2/team/app/tags/list`)
    expect(await tags.json()).toMatchObject({ tags: ['v1'] })
  })

  test('an archive goes through pipes', async () => {
    const data = join(cli.folder(), 'data')
    const server = await cli.serve('--storage-dir', data)
    await pushImage(server.url, 'v1', Buffer.alloc(300_000, 'one'))
    const [program = '', ...words] = cli.command()
    const out = spawn(program, [...words, 'export', '-', '--storage-dir', data])
    const store = join(cli.folder(), 'store')
    const into = spawn(program, [...words, 'import', '-', '--storage-dir', store])
    out.stdout.pipe(into.stdin)
    const codes = [out, into].map(
      (child) => new Promise((resolve) => child.on('close', (code) => resolve(code))),
    )
    expect(await Promise.all(codes)).toEqual([0, 0])
    const moved = await cli.serve('--storage-dir', store)
    expect(await pull(moved.url, 'v1')).toBe(await pull(server.url, 'v1'))
  })

  testInCi('a login is sent, from a file and from what docker keeps', async () => {
    const users = join(cli.folder(), 'users')
    writeFileSync(users, `ann:${hashSync('S3cret', 4)}\n`, { mode: 0o600 })
    const server = await cli.serve('--memory', '--htpasswd', users)
    const made = new DistributionFixture(cli.folder())
    made.image('layer', 'team/app', 'v1')
    const words = ['import', made.root, '--to', server.url]
    const refused = await cli.run(...words)
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('asks for a login') })
    const login = join(cli.folder(), 'login')
    writeFileSync(login, 'ann:S3cret\n', { mode: 0o600 })
    // One line, whatever there is to be copied.
    const wrong = join(cli.folder(), 'wrong')
    writeFileSync(wrong, 'ann:guess\n', { mode: 0o600 })
    const guessed = await cli.run(...words, '--to-credentials-file', wrong)
    expect([guessed.code, guessed.out]).toEqual([1, ''])
    expect(guessed.err).toMatch(/^layerdock: http:\/\/127\.0\.0\.1:\d+ refuses the login: .*\n$/)
    expect(refused.err.match(/asks for a login/g)).toHaveLength(1)
    const sent = await cli.run(...words, '--to-credentials-file', login)
    expect([sent.code, sent.err]).toEqual([0, ''])
    const config = cli.folder()
    const auths = { [new URL(server.url).host]: { auth: btoa('ann:S3cret') } }
    writeFileSync(join(config, 'config.json'), JSON.stringify({ auths }), { mode: 0o600 })
    const [program = '', ...first] = cli.command()
    const store = join(cli.folder(), 'store')
    const child = spawn(program, [...first, 'copy', '--from', server.url, '--to', store], {
      env: { ...cleanEnvironment, DOCKER_CONFIG: config },
    })
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0)
  })

  testInCi(
    'an export that was killed leaves the layout as it was, and the next one goes on',
    async () => {
      const data = join(cli.folder(), 'data')
      const server = await cli.serve('--storage-dir', data)
      await pushImage(server.url, 'v1', Buffer.from('first'))
      const layout = join(cli.folder(), 'layout')
      const words = ['export', layout, '--storage-dir', data, '--concurrency', '1']
      expect((await cli.run(...words)).code).toBe(0)
      const before = readFileSync(join(layout, 'index.json'), 'utf8')
      for (const tag of ['v2', 'v3', 'v4'])
        await pushImage(server.url, tag, Buffer.alloc(400_000, tag))
      const blobs = (): number => readdirSync(join(layout, 'blobs/sha256')).length
      const count = blobs()
      const slow = cli.start(...words, '--rate', '300KB')
      await expect.poll(blobs).toBeGreaterThan(count)
      slow.child.kill('SIGKILL')
      await slow.ended
      expect(readFileSync(join(layout, 'index.json'), 'utf8')).toBe(before)
      const rest = await cli.run(...words, '--json')
      expect(JSON.parse(rest.out)).toMatchObject({ complete: true, problems: [] })
      expect(JSON.parse(rest.out).bytes).toBeLessThan(1_200_000)
      expect(readdirSync(layout).sort()).toEqual(['blobs', 'index.json', 'oci-layout'])
      await end(server)
    },
  )

  test('what cannot be brought in is said, and nothing is made', async () => {
    const folder = cli.folder()
    const store = join(cli.folder(), 'store')
    writeFileSync(join(folder, 'notes.txt'), 'notes')
    writeFileSync(join(folder, 'not.tar'), 'x'.repeat(2000))
    for (const [from, problem] of [
      [join(folder, 'absent'), 'is not there'],
      [folder, 'is not an image layout, nor the folder of'],
      [join(folder, 'not.tar'), 'it is not a tar archive'],
    ] as const) {
      const { code, err, out } = await cli.run('import', from, '--storage-dir', store)
      expect([code, out, err]).toEqual([1, '', expect.stringContaining(problem)])
    }
    const into = await cli.run('export', folder, '--storage-dir', store)
    expect(into).toMatchObject({ code: 1, err: expect.stringContaining('is not a store') })
    expect(readdirSync(join(store, '..'))).toEqual([])
  })
})

test('a wrong command line is refused', async () => {
  for (const [command, words, problem] of [
    [importCommand, [], 'FROM is missing'],
    [importCommand, ['x', '--as', 'UPPER'], '--as UPPER: is not the name'],
    [importCommand, ['x', '--to', 'folder'], '--to: is the URL of a registry'],
    [exportCommand, ['x', '--repository', 'a:b:c'], '--repository a:b:c: is not a repository'],
    [copyCommand, ['--from', 'https://u:p@h', '--to', 'x'], 'a login belongs in a file'],
    [copyCommand, ['--from', 'https://h', '--to', 'x', '--mirror'], '--mirror: is for stores'],
    [copyCommand, ['--from', 'x', '--to', 'https://h/a'], 'name the registry alone'],
    [copyCommand, ['--from', 'x', '--to', 'y', '--move-tags'], 'is for a registry over HTTP'],
  ] as const) {
    const refused: unknown = await command(words).catch((error: unknown) => error)
    expect(refused).toMatchObject({ exitCode: 2, message: expect.stringContaining(problem) })
  }
})
