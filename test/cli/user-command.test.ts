import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compareSync } from 'bcryptjs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CliError } from '../../adapters/cli/exit.ts'
import { userCommand } from '../../adapters/cli/user-command.ts'
import { UserLines } from '../../adapters/cli/users-edit.ts'
import { parseHtpasswd } from '../../src/access/htpasswd-file.ts'
import { describeOnRuntimes } from '../on-runtimes.ts'
import { type Harness, useProgram } from './harness.ts'
import { cleanEnvironment, type Ended } from './program.ts'

const hash = (letter: string): string => `$2y$10$${letter.repeat(53)}`

async function run(
  cli: Harness,
  input: string | Uint8Array,
  ...words: readonly string[]
): Promise<Ended> {
  const { child, ended } = cli.start('user', ...words)
  child.stdin?.end(input)
  return ended
}

const onNode = useProgram()

describeOnRuntimes('layerdock user on %s', (runtime) => {
  const cli = runtime === 'node' ? onNode : useProgram(runtime)

  test('makes a file, changes passwords, lists and removes users', async () => {
    const path = join(cli.folder(), 'users')
    const file = ['--htpasswd', path, '--cost', '8']
    expect(await run(cli, 'first secret\n', 'add', 'alice', ...file)).toEqual({
      code: 0,
      out: '',
      err: '',
    })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    await run(cli, 'second secret\r\n', 'add', 'bob', ...file)
    await run(cli, 'wönder secret', 'passwd', 'alice', ...file)
    const { users } = parseHtpasswd(readFileSync(path, 'utf8'))
    expect([...users.keys()]).toEqual(['alice', 'bob'])
    expect(compareSync('wönder secret', users.get('alice')?.hash ?? '')).toBe(true)
    expect(compareSync('second secret', users.get('bob')?.hash ?? '')).toBe(true)
    expect(users.get('bob')?.cost).toBe(8)
    await run(cli, '', 'remove', 'alice', '--htpasswd', path)
    expect(await run(cli, '', 'list', '--htpasswd', path)).toEqual({
      code: 0,
      out: 'bob\n',
      err: '',
    })
    expect(readdirSync(join(path, '..'))).toEqual(['users'])
  })

  test('takes no password that is not UTF-8', async () => {
    const path = join(cli.folder(), 'users')
    // As a terminal in ISO 8859-1 writes it, and one that ends in the middle of a character.
    for (const bytes of [Buffer.from('w\xf6nder secret\n', 'latin1'), Buffer.of(0x61, 0xc3)]) {
      const { code, err } = await run(cli, bytes, 'add', 'alice', '--htpasswd', path)
      expect([code, err]).toEqual([1, expect.stringContaining('not text in UTF-8')])
    }
    expect(existsSync(path)).toBe(false)
  })
})

describe('layerdock user', () => {
  let folder: string
  let path: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'layerdock-users-'))
    path = join(folder, 'users')
  })

  afterEach(() => rmSync(folder, { recursive: true }))

  /** What a command in this process does with a password from standard input. */
  async function run(
    input: string,
    ...words: readonly string[]
  ): Promise<{ readonly code: number; readonly err: string }> {
    try {
      const read = async (): Promise<readonly string[]> => [input]
      return { code: await userCommand(words, { isTyped: false, read }), err: '' }
    } catch (error) {
      if (!(error instanceof CliError)) throw error
      return { code: error.exitCode, err: error.message }
    }
  }

  test('keeps comments, order, permissions and links', async () => {
    path = join(folder, 'real')
    const link = join(folder, 'link')
    writeFileSync(path, `# people\r\nbob:${hash('b')}\r\n\r\nalice:${hash('a')}\r\n# end`)
    chmodSync(path, 0o640)
    symlinkSync('real', link)
    const before = process.umask(0o077)
    try {
      const { code } = await run('long secret', 'passwd', 'bob', '--htpasswd', link)
      expect(code).toBe(0)
    } finally {
      process.umask(before)
    }
    const lines = readFileSync(path, 'utf8').split('\r\n')
    expect(lines[1]).toMatch(/^bob:\$2y\$10\$/)
    expect(lines.toSpliced(1, 1)).toEqual(['# people', '', `alice:${hash('a')}`, '# end', ''])
    expect(statSync(path).mode & 0o777).toBe(0o640)
    expect(lstatSync(link).isSymbolicLink()).toBe(true)
  })

  test.each([
    ['', 'there is no password'],
    ['', 'there is no password'],
    ['x'.repeat(73), 'more than 72 bytes'],
    ['ö'.repeat(37), 'more than 72 bytes'],
    ['a\u0007b', 'a control character'],
  ])('refuses the password %j and changes nothing', async (input, problem) => {
    const { code, err } = await run(input, 'add', 'alice', '--htpasswd', path)
    expect([code, err]).toEqual([1, expect.stringContaining(problem)])
    expect(existsSync(path)).toBe(false)
  })

  test('never takes a password from the command line, and does not repeat it', async () => {
    for (const words of [['hunter2'], ['--password', 'hunter2'], ['--password=hunter2']]) {
      const { code, err } = await run('', 'add', 'alice', ...words, '--htpasswd', path)
      expect(code).toBe(2)
      expect(err).not.toContain('hunter2')
    }
  })

  test.each([
    [['add', 'alice'], 2, 'which file?'],
    [['add', '--htpasswd', 'users'], 2, 'which user?'],
    [['add', 'a:b', '--htpasswd', 'users'], 2, 'has a colon'],
    [['add', 'a', '--htpasswd', 'users', '--cost', '17'], 2, 'from 8 to 16'],
    [['ad'], 2, 'did you mean layerdock user add?'],
    [[], 2, 'add, passwd, remove or list'],
    [['list', '--htpasswd', '/nowhere/users'], 1, 'there is no such file'],
    [['add', 'a', '--htpasswd', '/nowhere/users'], 1, 'no such file or folder'],
    [['passwd', 'a', '--htpasswd', '/nowhere/users'], 1, 'there is no such file'],
    [['list', '--htpasswd', '/dev'], 1, 'is not a file'],
  ])('%j ends with %i and says why', async (words, code, text) => {
    const ended = await run('long secret', ...words)
    expect([ended.code, ended.err]).toEqual([code, expect.stringContaining(text)])
  })

  test('adds nobody twice, and removes and changes nobody who is not there', async () => {
    const text = `alice:${hash('a')}\n`
    writeFileSync(path, text)
    const file = ['--htpasswd', path]
    expect((await run('x', 'add', 'alice', ...file)).err).toContain('is in it already')
    expect((await run('x', 'passwd', 'bob', ...file)).err).toContain('there is no user bob')
    expect((await run('', 'remove', 'bob', ...file)).err).toContain('there is no user bob')
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  test('keeps what several commands write at once', async () => {
    const names = ['a', 'b', 'c', 'd']
    const ended = await Promise.all(
      names.map((name) => run('long secret', 'add', name, '--htpasswd', path, '--cost', '8')),
    )
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0, 0])
    expect([...parseHtpasswd(readFileSync(path, 'utf8')).users.keys()].sort()).toEqual(names)
  })

  test('refuses a file that every user may change', async () => {
    writeFileSync(path, `alice:${hash('a')}\n`)
    chmodSync(path, 0o666)
    const { code, err } = await run('x', 'add', 'bob', '--htpasswd', path)
    expect([code, err]).toEqual([1, expect.stringContaining('chmod o-w')])
  })

  test('refuses a folder', async () => {
    mkdirSync(path)
    const { code, err } = await run('x', 'add', 'bob', '--htpasswd', path)
    expect([code, err]).toEqual([1, expect.stringContaining('is not a file')])
  })
})

describe('layerdock user as a program', () => {
  const cli = onNode

  test('mends one line of a file that a server would refuse, and says what is left', async () => {
    const path = join(cli.folder(), 'users')
    writeFileSync(path, 'alice:$apr1$lZL6V/ci$eIMz/iKDkbtys/uU7LEK00\nbob:hunter2\n')
    const { code, err } = await run(cli, 'long secret', 'passwd', 'alice', '--htpasswd', path)
    expect([code, err]).toEqual([0, expect.stringContaining('line 2, user "bob"')])
    expect(err).not.toMatch(/hunter2|line 1/)
    const listed = await run(cli, '', 'list', '--htpasswd', path)
    expect([listed.code, listed.out]).toEqual([1, 'alice\nbob\n'])
  })

  test('says that a running server keeps the last user', async () => {
    const path = join(cli.folder(), 'users')
    writeFileSync(path, `alice:${hash('a')}\n`)
    const { code, err } = await run(cli, '', 'remove', 'alice', '--htpasswd', path)
    expect([code, err]).toEqual([0, expect.stringContaining('no user left')])
  })
})

const hasTerminal = spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0

describe.skipIf(!hasTerminal)('at a terminal', () => {
  const cli = onNode

  async function typed(path: string, ...answers: readonly string[]): Promise<Ended> {
    const words = ['user', 'add', 'alice', '--htpasswd', path, '--cost', '8']
    const line = [...cli.command(), ...words].map((word) => `'${word}'`).join(' ')
    const { spawn } = await import('node:child_process')
    const child = spawn('script', ['-qec', line, '/dev/null'], { env: cleanEnvironment })
    let out = ''
    const prompts = ['Password: ', 'The same again: ']
    child.stdout.setEncoding('utf8').on('data', (text) => {
      out += text
      const [prompt = '\0'] = prompts
      if (out.includes(prompt)) {
        prompts.shift()
        child.stdin.write(`${answers[1 - prompts.length] ?? ''}\r`)
      }
    })
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
    return { code, out, err: '' }
  }

  test('asks twice and does not show what is typed', async () => {
    const path = join(cli.folder(), 'users')
    const { code, out } = await typed(path, 'lonh\u007fg secret', 'long secret')
    expect(code).toBe(0)
    expect(out).not.toContain('secret')
    const { users } = parseHtpasswd(readFileSync(path, 'utf8'))
    expect(compareSync('long secret', users.get('alice')?.hash ?? '')).toBe(true)
  })

  test('refuses two different passwords, and the end of input', async () => {
    const path = join(cli.folder(), 'users')
    const different = await typed(path, 'long secret', 'long secrets')
    expect([different.code, different.out]).toEqual([1, expect.stringContaining('two different')])
    const interrupted = await typed(path, '\u0003')
    expect([interrupted.code, interrupted.out]).toEqual([1, expect.stringContaining('no password')])
    expect(existsSync(path)).toBe(false)
  })
})

test('the lines of a file stay as they are but for the user', () => {
  const lines = new UserLines('a:1\n#a:2\n a : 3\nb:4\na:5\nplain\n')
  expect(lines.names).toEqual(['a', 'a ', 'b', 'plain'])
  lines.set('a', 'new')
  expect(lines.toString()).toBe('a:new\n#a:2\n a : 3\nb:4\nplain\n')
  lines.remove('b')
  lines.set('__proto__', 'x')
  expect(lines.toString()).toBe('a:new\n#a:2\n a : 3\nplain\n__proto__:x\n')
  expect(new UserLines('').toString()).toBe('')
})
