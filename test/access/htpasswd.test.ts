import { hashSync } from 'bcryptjs'
import { describe, expect, it } from 'vitest'
import { type HtpasswdLogin, htpasswd } from '../../src/access/htpasswd.ts'
import { HtpasswdError, parseHtpasswd } from '../../src/access/htpasswd-file.ts'
import { requestOf } from './requests.ts'

/** A well-formed hash of no password, with this cost. */
const hashOf = (cost: number, letter = 'a'): string =>
  `$2y$${String(cost).padStart(2, '0')}$${letter.repeat(53)}`

const request = requestOf({})

function problemsOf(text: string): readonly string[] {
  try {
    parseHtpasswd(text)
    return []
  } catch (error) {
    if (!(error instanceof HtpasswdError)) throw error
    return error.problems
  }
}

/** A login that notes which hashes are checked, and takes `right` for the password of each. */
function counted(text: string): { login: HtpasswdLogin; checked: string[] } {
  const checked: string[] = []
  const verify = async (password: string, hash: string): Promise<boolean> => {
    checked.push(hash)
    return password === 'right'
  }
  return { login: htpasswd(text, { verify }), checked }
}

describe('an htpasswd file', () => {
  it('has a user on each line, beside comments and empty lines', () => {
    const text = `\uFEFF# users\r\n\r\n  # more\nalice:${hashOf(10)}\r\nbob:${hashOf(11)}  \n\n`
    const { users, warnings } = parseHtpasswd(text)
    expect([...users]).toEqual([
      ['alice', { hash: hashOf(10), cost: 10, line: 4 }],
      ['bob', { hash: hashOf(11), cost: 11, line: 5 }],
    ])
    expect(warnings).toEqual([])
  })

  it.each(['$2a$', '$2b$', '$2y$'])('takes bcrypt with %s', (prefix) => {
    expect(problemsOf(`a:${prefix}10$${'x'.repeat(53)}`)).toEqual([])
  })

  it.each([
    '__proto__',
    'constructor',
    'döner',
    'a b',
    'a@example.com',
    'team/bot',
    '日本',
    '*',
    '"',
  ])('takes the name %s', (name) => {
    expect([...parseHtpasswd(`${name}:${hashOf(10)}`).users.keys()]).toEqual([name])
  })

  it.each([
    ['{SHA}fEqNCco3Yq9h5ZUglD3CZJT4lBs=', 'SHA-1'],
    ['$apr1$lZL6V/ci$eIMz/iKDkbtys/uU7LEK00', 'MD5'],
    ['rl9sZfXaPBkYM', 'crypt'],
    ['$6$salt$hashhashhash', 'SHA-2'],
    ['$2x$10$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'damaged bcrypt'],
    ['$2y$10$tooshort', 'damaged bcrypt'],
    ['$2y$10$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:x', 'damaged bcrypt'],
    ['hunter2hunter2', 'plain text'],
    ['', 'nothing'],
  ])('refuses %s, and says which user has it and not what it is', (hash, kind) => {
    const [problem = '', ...more] = problemsOf(`# users\nok:${hashOf(10)}\nbob:${hash}\n`)
    expect(more).toEqual([])
    expect(problem).toContain('line 3, user "bob"')
    expect(problem).toContain(kind)
    expect(problem).toContain('htpasswd -B')
    if (hash !== '') expect(problem).not.toContain(hash)
  })

  it('refuses a line without a colon, and does not repeat it', () => {
    expect(problemsOf(`ok:${hashOf(10)}\nhunter2`)).toEqual([
      'line 2: is not name:hash, as htpasswd -B writes it',
    ])
  })

  it.each([
    ['', 'is empty'],
    ['a\tb', 'cannot be seen'],
    ['a\u0007', 'cannot be seen'],
    ['x'.repeat(256), 'longer than 255'],
  ])('refuses the name %j', (name, problem) => {
    expect(problemsOf(`${name}:${hashOf(10)}`).join()).toContain(problem)
  })

  it('refuses a user twice, and says both lines', () => {
    expect(problemsOf(`a:${hashOf(10)}\nb:${hashOf(10)}\na:${hashOf(10, 'b')}`)).toEqual([
      'line 3, user "a": is in line 1 too; remove one of them',
    ])
  })

  it.each(['', '\n\n', '# nobody\n'])('refuses one without a user: %j', (text) => {
    expect(problemsOf(text)).toEqual(['there is no user in it'])
  })

  it('names every mistake, up to a number of them', () => {
    const text = Array.from({ length: 50 }, (_, index) => `user${index}:plain`).join('\n')
    const problems = problemsOf(text)
    expect(problems).toHaveLength(21)
    expect(problems.at(-1)).toBe('and 30 more')
  })

  it('warns of a low cost, and refuses one that would stall', () => {
    expect(parseHtpasswd(`a:${hashOf(7)}`).warnings.join()).toContain(
      'line 1, user "a": a cost of 7',
    )
    expect(parseHtpasswd(`a:${hashOf(8)}`).warnings).toEqual([])
    expect(problemsOf(`a:${hashOf(16)}`)).toEqual([])
    expect(problemsOf(`a:${hashOf(17)}`).join()).toContain('would stall')
  })
})

describe('the login of an htpasswd file', () => {
  it('knows users by their passwords', async () => {
    const login = htpasswd(
      `alice:${hashSync('wönder', 4)}\nbob:${hashSync('x', 4).replace('$2b$', '$2y$')}`,
    )
    const alice = { id: 'alice', details: { login: 'htpasswd' } }
    expect(await login.password?.('alice', 'wönder', request)).toMatchObject({ principal: alice })
    expect(await login.password?.('bob', 'x', request)).toMatchObject({ principal: { id: 'bob' } })
    expect(await login.password?.('alice', 'x', request)).toEqual({ rejected: true })
    expect(await login.password?.('alice', '', request)).toEqual({ rejected: true })
    expect(await login.password?.('Alice', 'wönder', request)).toBeNull()
    expect(await login.password?.('', 'x', request)).toBeNull()
  })

  it('spends as much on a user that is not there as on a wrong password', async () => {
    const text = `a:${hashOf(11)}\nb:${hashOf(5)}\nc:${hashOf(11)}`
    const { login, checked } = counted(text)
    for (const user of ['a', 'nobody', 'somebody', '']) await login.password?.(user, 'no', request)
    expect(checked.map((hash) => hash.slice(0, 7).replace('$2b', '$2y'))).toEqual(
      Array.from({ length: 4 }, () => '$2y$11$'),
    )
    expect(checked.every((hash) => parseHtpasswd(`x:${hash}`).users.size === 1)).toBe(true)
  })

  it('does not let a user in who is not there, whatever the check says', async () => {
    const { login } = counted(`a:${hashOf(10)}`)
    expect(await login.password?.('b', 'right', request)).toBeNull()
  })

  it('takes a password over 72 bytes for wrong, without a check', async () => {
    const { login, checked } = counted(`a:${hashOf(10)}`)
    const right = 'x'.repeat(72)
    const real = htpasswd(`a:${hashSync(right, 4)}`)
    expect(await real.password?.('a', right, request)).toMatchObject({ principal: { id: 'a' } })
    expect(await real.password?.('a', `${right}y`, request)).toBeNull()
    for (const long of ['x'.repeat(73), 'ö'.repeat(37), '日'.repeat(25)]) {
      expect(await login.password?.('a', long, request)).toBeNull()
      expect(await login.password?.('b', long, request)).toBeNull()
    }
    expect(checked).toEqual([])
    await login.password?.('a', 'ö'.repeat(36), request)
    expect(checked).toHaveLength(1)
  })

  it('says for whom it checks', async () => {
    const seen: unknown[] = []
    const verify = async (_: string, __: string, attempt: unknown): Promise<boolean> => {
      seen.push(attempt)
      return false
    }
    const login = htpasswd(`a:${hashOf(10)}`, { verify })
    await login.password?.('b', 'x', requestOf({ address: '192.0.2.1' }))
    expect(seen).toEqual([{ user: 'b', address: '192.0.2.1' }])
  })

  it('has a stamp that changes with the password and ends with the user', async () => {
    const { login } = counted(`a:${hashOf(10)}\nb:${hashOf(10)}`)
    const found = await login.password?.('a', 'right', request)
    const before = await login.stampOf?.('a')
    expect(before).toEqual(found)
    expect(await login.stampOf?.('c')).toBeNull()
    login.replace(`a:${hashOf(10, 'b')}`)
    expect((await login.stampOf?.('a'))?.stamp).not.toBe(before?.stamp)
    expect(await login.stampOf?.('b')).toBeNull()
  })

  it('knows the users of another text at once, and forgets the earlier ones', async () => {
    const { login } = counted(`a:${hashOf(7)}`)
    const before = login.generation?.()
    expect(login.warnings).toHaveLength(1)
    login.replace(`b:${hashOf(10)}`)
    expect(login.generation?.()).not.toBe(before)
    expect(login.warnings).toEqual([])
    expect(await login.password?.('a', 'right', request)).toBeNull()
    expect(await login.password?.('b', 'right', request)).toMatchObject({ principal: { id: 'b' } })
  })

  it('keeps its users where another text cannot be used', async () => {
    const { login } = counted(`a:${hashOf(10)}`)
    const before = login.generation?.()
    for (const text of ['', 'a:plain', `b:${hashOf(10)}\nbroken`]) {
      expect(() => login.replace(text)).toThrow(HtpasswdError)
    }
    expect(login.generation?.()).toBe(before)
    expect(await login.password?.('a', 'right', request)).toMatchObject({ principal: { id: 'a' } })
  })

  it.each([
    ['has another password', `a:${hashOf(10, 'b')}`],
    ['is gone', `b:${hashOf(10)}`],
  ])('refuses a user who %s once the check has ended', async (_, next) => {
    let end = (_: boolean): void => {}
    const login = htpasswd(`a:${hashOf(10)}`, {
      verify: () =>
        new Promise<boolean>((resolve) => {
          end = resolve
        }),
    })
    const result = login.password?.('a', 'right', request)
    login.replace(next)
    end(true)
    expect(await result).toEqual({ rejected: true })
  })
})
