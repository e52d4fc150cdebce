import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { apiTokenPath, openApiTokens, readApiTokens } from '../../adapters/cli/api-token-file.ts'
import { CliError } from '../../adapters/cli/exit.ts'
import { tokenCommand } from '../../adapters/cli/token-command.ts'
import { openDiskStore } from '../../adapters/disk/store.ts'
import { requestOf } from '../access/requests.ts'
import { describeOnRuntimes } from '../on-runtimes.ts'
import { useProgram } from './harness.ts'
import { logTo } from './log-to.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'layerdock-tokens-'))
})

afterEach(() => {
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true })
})

/** Commands in this process print nothing. */
function beQuiet(): void {
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation(() => true)
  }
}

const request = requestOf({})

describeOnRuntimes('layerdock token on %s', (runtime) => {
  const cli = useProgram(runtime)

  test('makes a token that a running server takes, lists and revokes it', async () => {
    const place = ['--storage-dir', folder]
    const login = await openApiTokens(join(folder, 'access'), {
      log: logTo(() => {}),
      everyMs: 600_000,
    })
    try {
      const words = ['--owner', 'ci', '--name', 'main', '--expires', '90d']
      const made = await cli.run(
        'token',
        'create',
        ...words,
        '--grant',
        'team/**:pull,push',
        ...place,
      )
      expect(made.code).toBe(0)
      expect(made.out).toMatch(/^ldk_[0-9A-Za-z]{61}\n$/)
      const secret = made.out.trim()
      await login.reload()
      expect(await login.login.password?.('any', secret, request)).toMatchObject({
        principal: {
          id: 'ci',
          details: {
            token: 'main',
            grants: [{ repositories: 'team/**', actions: ['pull', 'push'] }],
          },
        },
      })
      const path = apiTokenPath(join(folder, 'access'))
      expect([statSync(path).mode & 0o777, statSync(join(path, '..')).mode & 0o777]).toEqual([
        0o600, 0o700,
      ])
      expect(readFileSync(path, 'utf8')).not.toContain(secret.slice(16, 59))
      const listed = await cli.run('token', 'list', ...place)
      expect(listed.out).toContain('main\tci\t')
      expect(listed.out).toContain('team/**:pull,push')
      expect(listed.out).not.toContain(secret.slice(16, 59))
      expect((await cli.run('token', 'revoke', 'main', ...place)).code).toBe(0)
      await login.reload()
      expect(await login.login.bearer?.(secret, request)).toMatchObject({ rejected: true })
    } finally {
      login.close()
    }
  })
})

describe('layerdock token', () => {
  beforeEach(beQuiet)

  async function run(...words: readonly string[]): Promise<{ code: number; err: string }> {
    try {
      return { code: await tokenCommand([...words, '--access-dir', folder]), err: '' }
    } catch (error) {
      if (!(error instanceof CliError)) throw error
      return { code: error.exitCode, err: error.messages.join('\n') }
    }
  }
  const create = ['create', '--owner', 'ci', '--name', 'main']

  test.each([
    [['create'], ['whose token?', 'what is it called?']],
    [
      ['create', '--owner', 'a:b', '--name', 'a b'],
      ['--owner', '--name'],
    ],
    [[...create, '--expires', 'soon'], ['--expires soon']],
    [[...create, '--expires', '0d'], ['--expires 0d']],
    [[...create, '--expires', '1s'], ['--expires 1s']],
    [[...create, '--grant', 'team/**'], ["'team/**:pull,push'"]],
    [[...create, '--grant', 'team/**:fly'], ['"fly" is not one of']],
    [[...create, '--grant', 'Team/**:pull'], ['lower case']],
    [[...create, '--grant', '{user}/**:pull'], ['name the repositories']],
    [[...create, '--grant', ':pull'], ['is empty']],
    [['revoke'], ['NAME is missing']],
    [['crate'], ['did you mean layerdock token create?']],
    [[''], ['create, list or revoke']],
  ])('%j is a wrong command line', async (words, texts) => {
    const { code, err } = await run(...words)
    expect(code).toBe(2)
    for (const text of texts) expect(err).toContain(text)
    expect(await readApiTokens(folder)).toEqual([])
  })

  test('gives a name once', async () => {
    expect((await run(...create)).code).toBe(0)
    const { code, err } = await run(...create)
    expect([code, err]).toEqual([1, expect.stringContaining('there is a token called main')])
    expect(await readApiTokens(folder)).toHaveLength(1)
  })

  test('takes all forms of grants and times', async () => {
    const before = Date.now()
    await run(...create, '--grant', 'catalog', '--grant', 'a/b:pull,delete', '--expires', '12h')
    const [token] = await readApiTokens(folder)
    expect(token?.grants).toEqual([
      { repositories: 'registry:catalog', actions: ['catalog'] },
      { repositories: 'a/b', actions: ['pull', 'delete'] },
    ])
    expect((token?.expires ?? 0) - before).toBeGreaterThanOrEqual(12 * 3_600_000)
  })

  test('revokes by name or id, and does not repeat a secret', async () => {
    await run(...create)
    await run('create', '--owner', 'ci', '--name', 'other')
    const [token] = await readApiTokens(folder)
    expect((await run('revoke', token?.id ?? '')).code).toBe(0)
    expect(await readApiTokens(folder)).toMatchObject([{ name: 'other' }])
    expect((await run('revoke', 'main')).err).toContain('no such token: main')
    const { err } = await run('revoke', 'ldk_secret')
    expect(err).toContain('not the token')
    expect(err).not.toContain('secret')
  })

  test('keeps what several commands write at once', async () => {
    const names = ['a', 'b', 'c', 'd', 'e']
    const all = names.map((name) => run('create', '--owner', 'ci', '--name', name))
    expect((await Promise.all(all)).map(({ code }) => code)).toEqual(names.map(() => 0))
    expect((await readApiTokens(folder)).map(({ name }) => name).sort()).toEqual(names)
  })

  test.each([
    ['is readable for all', (path: string) => chmodSync(path, 0o604), 'chmod 600'],
    ['may be changed by its group', (path: string) => chmodSync(path, 0o660), 'chmod 600'],
    [
      'is broken',
      (path: string) => writeFileSync(path, '{"version": 1'),
      'is not JSON; restore it from a backup, or remove it',
    ],
    [
      'is empty',
      (path: string) => writeFileSync(path, ''),
      'is not JSON; restore it from a backup, or remove it',
    ],
  ])('refuses a file that %s, and leaves it as it is', async (_, spoil, text) => {
    await run(...create)
    const path = apiTokenPath(folder)
    spoil(path)
    const before = readFileSync(path, 'utf8')
    for (const words of [['create', '--owner', 'x', '--name', 'x'], ['list'], ['revoke', 'main']]) {
      const { code, err } = await run(...words)
      expect([code, err]).toEqual([1, expect.stringContaining(text)])
      expect(err).toContain(path)
    }
    expect(readFileSync(path, 'utf8')).toBe(before)
    await expect(openApiTokens(folder, { log: logTo(() => {}) })).rejects.toThrow(text)
  })

  test.each([[['list']], [['list', '--json']], [['revoke', 'main']]])(
    '%j says that a folder is not there, and makes none',
    async (words) => {
      for (const flag of ['--storage-dir', '--access-dir']) {
        const absent = join(folder, 'absent')
        const answer = tokenCommand([...words, flag, absent])
        await expect(answer).rejects.toThrow(`${absent}: there is no such folder`)
        expect(existsSync(absent)).toBe(false)
      }
    },
  )

  test('lists no tokens of a store that never had one', async () => {
    expect(await tokenCommand(['list', '--storage-dir', folder])).toBe(0)
    const said = vi.mocked(process.stderr.write).mock.calls.flat().join('')
    expect(said).toContain(`there are no tokens in ${join(folder, 'access')}`)
  })

  test('says where its folder is a file', async () => {
    writeFileSync(join(folder, 'file'), '')
    const words = [...create, '--access-dir', join(folder, 'file')]
    await expect(tokenCommand(words)).rejects.toThrow('its folder is a file')
  })
})

describe('the tokens of a running server', () => {
  beforeEach(beQuiet)

  test('are those from before where the file breaks, and none where it is gone', async () => {
    await tokenCommand(['create', '--owner', 'ci', '--name', 'main', '--access-dir', folder])
    const lines: Array<Record<string, unknown>> = []
    const file = await openApiTokens(folder, {
      log: logTo((entry) => lines.push(entry)),
      everyMs: 600_000,
    })
    try {
      const isThere = async (): Promise<boolean> =>
        (await file.login.stampOf?.('ci', { login: 'token', token: 'main' })) !== null
      writeFileSync(apiTokenPath(folder), '{')
      await file.reload()
      expect(await isThere()).toBe(true)
      expect(lines).toMatchObject([{ level: 'error', problem: 'is not JSON' }])
      rmSync(apiTokenPath(folder))
      await file.reload()
      expect(await isThere()).toBe(false)
    } finally {
      file.close()
    }
  })

  test('change by themselves with the file', async () => {
    const file = await openApiTokens(folder, { log: logTo(() => {}), everyMs: 5 })
    try {
      await tokenCommand(['create', '--owner', 'ci', '--name', 'main', '--access-dir', folder])
      await expect
        .poll(() => file.login.stampOf?.('ci', { login: 'token', token: 'main' }))
        .not.toBeNull()
    } finally {
      file.close()
    }
  })
})

describe('the folder of tokens in a store', () => {
  beforeEach(beQuiet)

  test('may be there before the store, and stays when it opens and is swept', async () => {
    const access = join(folder, 'access')
    await tokenCommand(['create', '--owner', 'ci', '--name', 'main', '--access-dir', access])
    for (let opening = 0; opening < 2; opening++) {
      const store = await openDiskStore({ directory: folder })
      await store.close()
    }
    expect(await readApiTokens(access)).toHaveLength(1)
  })

  test('does not make a folder of other things a store', async () => {
    mkdirSync(join(folder, 'access'))
    writeFileSync(join(folder, 'thesis.txt'), '')
    await expect(openDiskStore({ directory: folder })).rejects.toThrow('thesis.txt')
  })
})
