import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CliError } from '../../adapters/cli/exit.ts'
import { openPasswordFile, type PasswordFile } from '../../adapters/cli/password-file.ts'
import { logTo } from './log-to.ts'

const hash = (letter: string, cost = 10): string =>
  `$2y$${String(cost).padStart(2, '0')}$${letter.repeat(53)}`

let folder: string
let path: string
let lines: Array<Record<string, unknown>>
let opened: PasswordFile | null

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'layerdock-users-'))
  path = join(folder, 'users')
  lines = []
  opened = null
})

afterEach(async () => {
  await opened?.close()
  rmSync(folder, { recursive: true })
})

const log = logTo((entry) => lines.push(entry))

async function open(text: string, everyMs = 600_000): Promise<PasswordFile> {
  writeFileSync(path, text, { mode: 0o600 })
  return openThere(everyMs)
}

async function problemsOf(): Promise<readonly string[]> {
  try {
    await openThere()
    return []
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    expect(error.exitCode).toBe(78)
    return error.messages
  }
}

async function openThere(everyMs = 600_000): Promise<PasswordFile> {
  opened = await openPasswordFile(path, { log, onNotice: () => {}, everyMs })
  return opened
}

const names = async (): Promise<readonly string[]> => {
  const found: string[] = []
  for (const name of ['alice', 'bob']) if (await opened?.login.stampOf?.(name)) found.push(name)
  return found
}

describe('a file of users that cannot be used stops the start', () => {
  it('because it is not there', async () => {
    expect(await problemsOf()).toEqual([`--htpasswd ${path}: there is no such file`])
  })

  it('because it is a folder', async () => {
    mkdirSync(path)
    expect(await problemsOf()).toEqual([`--htpasswd ${path}: is not a file`])
  })

  it('because it is empty', async () => {
    writeFileSync(path, '')
    expect(await problemsOf()).toEqual([`--htpasswd ${path}: there is no user in it`])
  })

  it('because it is not text', async () => {
    writeFileSync(path, Buffer.from([0x61, 0xff, 0x3a]))
    expect(await problemsOf()).toEqual([`--htpasswd ${path}: is not text in UTF-8`])
  })

  it('because every user may change it', async () => {
    writeFileSync(path, `alice:${hash('a')}`)
    chmodSync(path, 0o602)
    expect((await problemsOf()).join()).toContain(`run chmod o-w ${path}`)
  })

  it.skipIf(process.getuid?.() === 0)('because it may not be read', async () => {
    writeFileSync(path, `alice:${hash('a')}`)
    chmodSync(path, 0)
    expect((await problemsOf()).join()).toContain('may not be read')
  })

  it('because of each line that is wrong', async () => {
    writeFileSync(path, 'alice:secret1\nbob:secret2\n')
    const problems = await problemsOf()
    expect(problems).toHaveLength(2)
    expect(problems.join()).not.toContain('secret')
  })
})

describe('a file of users', () => {
  it('may be readable by all, and is warned of where its group may change it', async () => {
    await open(`alice:${hash('a')}`)
    expect(lines).toEqual([])
    chmodSync(path, 0o664)
    await openThere()
    expect(lines).toMatchObject([{ level: 'warn', file: path }])
  })

  it('is read again where it changed', async () => {
    const { login, reload } = await open(`alice:${hash('a')}\nbob:${hash('b')}`)
    const before = login.generation?.()
    await reload()
    expect([login.generation?.(), lines]).toEqual([before, []])
    writeFileSync(path, `bob:${hash('b', 7)}`)
    await reload()
    expect(await names()).toEqual(['bob'])
    expect(login.generation?.()).not.toBe(before)
    expect(lines).toMatchObject([
      { level: 'info', msg: 'users reloaded' },
      { level: 'warn', msg: 'a weak password hash' },
    ])
  })

  it.each([
    ['is empty', () => writeFileSync(path, '')],
    ['is broken', () => writeFileSync(path, `bob:${hash('b')}\nalice:hunter2`)],
    ['is gone', () => rmSync(path)],
    [
      'is a folder',
      () => {
        rmSync(path)
        mkdirSync(path)
      },
    ],
    ['may be changed by all', () => chmodSync(path, 0o606)],
  ])('goes on as before where it %s, and says so', async (_, spoil) => {
    const { login, reload } = await open(`alice:${hash('a')}`)
    const before = login.generation?.()
    spoil()
    await reload()
    expect(await names()).toEqual(['alice'])
    expect(login.generation?.()).toBe(before)
    expect(lines).toMatchObject([{ level: 'error', file: path, problem: expect.any(String) }])
    expect(JSON.stringify(lines)).not.toContain('hunter2')
  })

  it('is read again by itself when it is replaced', async () => {
    await open(`alice:${hash('a')}`, 5)
    writeFileSync(`${path}.new`, `bob:${hash('b')}`)
    renameSync(`${path}.new`, path)
    await expect.poll(names).toEqual(['bob'])
  })

  it('is read again by itself when only its permissions change', async () => {
    await open(`alice:${hash('a')}`, 5)
    writeFileSync(path, `bob:${hash('b')}`)
    chmodSync(path, 0o606)
    await expect.poll(() => lines.length).toBeGreaterThan(0)
    chmodSync(path, 0o600)
    await expect.poll(names).toEqual(['bob'])
  })
})
