import { describe, expect, it } from 'vitest'
import {
  ApiTokensError,
  apiTokenList,
  formatApiTokens,
  parseApiTokens,
} from '../../src/access/api-token-list.ts'
import { apiTokenIdOf, makeApiTokenText } from '../../src/access/api-token-text.ts'
import { type ApiTokenWish, apiTokens, createApiToken } from '../../src/access/api-tokens.ts'
import { htpasswd } from '../../src/access/htpasswd.ts'
import { accessPolicy } from '../../src/access/policy/index.ts'
import { registryAccess } from '../../src/access/registry-access.ts'
import { requestOf } from './requests.ts'

const request = requestOf({})
const wish: ApiTokenWish = { name: 'ci', owner: 'alice', expires: null, grants: null }

describe('the text of an API token', () => {
  it('has the form that scanners for leaked secrets look for', () => {
    const texts = Array.from({ length: 50 }, makeApiTokenText)
    expect(new Set(texts).size).toBe(50)
    for (const text of texts) {
      expect(text).toMatch(/^ldk_[0-9A-Za-z]{61}$/)
      expect(apiTokenIdOf(text)).toBe(text.slice(4, 16))
    }
  })

  it('has 256 bits of chance, of all characters alike', () => {
    const counts = new Map<string, number>()
    for (let n = 0; n < 2000; n++) {
      for (const letter of makeApiTokenText().slice(4, 59)) {
        counts.set(letter, (counts.get(letter) ?? 0) + 1)
      }
    }
    expect(counts.size).toBe(62)
    // 1774 on average; 10 standard deviations are 420.
    for (const count of counts.values()) expect(Math.abs(count - 1774)).toBeLessThan(420)
    expect(Math.log2(62) * 43).toBeGreaterThan(256)
  })

  it('is told from others by its checksum', () => {
    const text = makeApiTokenText()
    for (let at = 4; at < text.length; at++) {
      const other = text[at] === 'x' ? 'y' : 'x'
      expect(apiTokenIdOf(text.slice(0, at) + other + text.slice(at + 1))).toBeNull()
    }
    for (const wrong of ['', 'ldk_', `${text}x`, `x${text}`, text.slice(1), `${text}\n`]) {
      expect(apiTokenIdOf(wrong)).toBeNull()
    }
  })

  it('stays what it is for tokens that were given out', () => {
    expect(apiTokenIdOf('ldk_0123456789AB0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg3EWzcf')).toBe(
      '0123456789AB',
    )
  })
})

describe('the login of API tokens', () => {
  it('knows a token as password beside any user name, and as bearer token', async () => {
    const { text, token } = createApiToken(wish)
    const login = apiTokens(apiTokenList(formatApiTokens([token])))
    const found = {
      principal: { id: 'alice', details: { login: 'token', token: 'ci' } },
      stamp: token.hash,
    }
    expect(await login.password?.('alice', text, request)).toEqual(found)
    expect(await login.password?.('anybody', text, request)).toEqual(found)
    expect(await login.bearer?.(text, request)).toEqual(found)
  })

  it('says what a token may do at most', async () => {
    const grants = [{ repositories: 'team/**', actions: ['pull', 'push'] as const }]
    const { text, token } = createApiToken({ ...wish, grants })
    const login = apiTokens(apiTokenList(formatApiTokens([token])))
    const found = await login.bearer?.(text, request)
    expect(found).toMatchObject({ principal: { details: { grants } } })
  })

  it('leaves what is not one of its tokens to other logins', async () => {
    const { token } = createApiToken(wish)
    const login = apiTokens(apiTokenList(formatApiTokens([token])))
    for (const text of ['', 'password', 'ldk_', 'ldk_short', 'eyJhbGciOi.J9.x']) {
      expect(await login.password?.('alice', text, request)).toBeNull()
      expect(await login.bearer?.(text, request)).toBeNull()
    }
  })

  it('refuses a token that is unknown, has another secret, or is over, all in the same words', async () => {
    const now = Date.now()
    const expired = createApiToken({ ...wish, name: 'old', expires: now })
    const { text, token } = createApiToken(wish)
    // The same id with another secret, as only a forger would make it.
    const forged = { ...createApiToken(wish), text }
    const store = apiTokenList(
      formatApiTokens([expired.token, { ...token, hash: forged.token.hash }]),
    )
    const login = apiTokens(store, { clock: () => now })
    const answers = [
      await login.bearer?.(expired.text, request),
      await login.bearer?.(makeApiTokenText(), request),
      await login.bearer?.(text, request),
      await login.password?.('alice', makeApiTokenText(), request),
    ]
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(answers[0]).toMatchObject({ rejected: true })
  })

  it('says when a token is over', async () => {
    const { text, token } = createApiToken({ ...wish, expires: 2_000 }, 1_000)
    let now = 1_999
    const login = apiTokens(apiTokenList(formatApiTokens([token])), { clock: () => now })
    expect(await login.bearer?.(text, request)).toMatchObject({ expiresAt: 2_000 })
    expect(await login.stampOf?.('alice', { login: 'token', token: 'ci' })).not.toBeNull()
    now = 2_000
    expect(await login.bearer?.(text, request)).toMatchObject({ rejected: true })
    expect(await login.stampOf?.('alice', { login: 'token', token: 'ci' })).toBeNull()
  })

  it('has no stamp of another owner or name', async () => {
    const { token } = createApiToken(wish)
    const login = apiTokens(apiTokenList(formatApiTokens([token])))
    expect(await login.stampOf?.('bob', { login: 'token', token: 'ci' })).toBeNull()
    expect(await login.stampOf?.('alice', { login: 'token', token: 'other' })).toBeNull()
    expect(await login.stampOf?.('alice')).toBeNull()
  })

  it('costs no check of a password, whatever its state', async () => {
    let checks = 0
    const verify = async (): Promise<boolean> => {
      checks += 1
      return false
    }
    const users = htpasswd(`alice:$2y$10$${'a'.repeat(53)}`, { verify })
    expect(await users.password?.('alice', makeApiTokenText(), request)).toBeNull()
    expect(checks).toBe(0)
  })
})

describe('a revoked token', () => {
  it('is refused at once, though the verdict on it was kept', async () => {
    const { text, token } = createApiToken(wish)
    const other = createApiToken({ ...wish, name: 'other' }).token
    const store = apiTokenList(formatApiTokens([token, other]))
    const policy = accessPolicy({ rules: [{ who: '*', repositories: '**', allow: ['pull'] }] })
    const access = registryAccess({ logins: [apiTokens(store)], policy })
    const call = requestOf({ headers: { authorization: `Basic ${btoa(`x:${text}`)}` } })
    expect(await access.authenticate(call)).toMatchObject({ id: 'alice' })
    store.replace(formatApiTokens([other]))
    expect(await access.authenticate(call)).toMatchObject({ rejected: true })
    store.replace(formatApiTokens([token, other]))
    expect(await access.authenticate(call)).toMatchObject({ id: 'alice' })
  })
})

describe('a document of API tokens', () => {
  it('is read as it was written', () => {
    const tokens = [
      createApiToken({ ...wish, expires: 86_400_000 }).token,
      createApiToken({
        ...wish,
        name: 'b',
        grants: [{ repositories: 'a/*', actions: ['pull'] }],
      }).token,
    ]
    expect(parseApiTokens(formatApiTokens(tokens))).toEqual(tokens)
    expect(parseApiTokens(formatApiTokens([]))).toEqual([])
  })

  const entry = (changes: object): string => {
    const { token } = createApiToken(wish)
    const document = JSON.parse(formatApiTokens([token]))
    Object.assign(document.tokens[0], changes)
    return JSON.stringify(document)
  }

  it.each([
    ['', 'is not JSON'],
    ['{"version": 1, "tokens": [', 'is not JSON'],
    ['[]', 'version'],
    ['{"version": 2, "tokens": []}', 'version: is not 1'],
    ['{"version": 1}', 'tokens'],
    ['{"version": 1, "tokens": [], "more": 1}', 'more'],
    [entry({ more: 1 }), 'tokens.0.more'],
    [entry({ id: '../../etc' }), 'tokens.0.id'],
    [entry({ hash: 'hunter2' }), 'tokens.0.hash'],
    [entry({ owner: 'a:b' }), 'tokens.0.owner'],
    [entry({ name: '' }), 'tokens.0.name'],
    [entry({ expires: 'soon' }), 'tokens.0.expires'],
    [entry({ expires: undefined }), 'tokens.0.expires'],
    [entry({ grants: [] }), 'tokens.0.grants'],
    [entry({ grants: [{ repositories: '**', actions: ['fly'] }] }), 'tokens.0.grants.0.actions.0'],
    [entry({ grants: [{ repositories: '**', actions: [] }] }), 'tokens.0.grants.0.actions'],
    [entry({ grants: [{ repositories: 'A', actions: ['pull'] }] }), 'grants.0.repositories'],
    [entry({ grants: [{ repositories: '{user}', actions: ['pull'] }] }), 'grants.0.repositories'],
  ])('is refused where it is %s', (text, place) => {
    expect(() => parseApiTokens(text)).toThrow(ApiTokensError)
    expect(() => parseApiTokens(text)).toThrow(place)
    expect(() => parseApiTokens(text)).not.toThrow('hunter2')
  })

  it('is refused with two tokens of one name or id', () => {
    const { token } = createApiToken(wish)
    const other = createApiToken(wish).token
    for (const tokens of [
      [token, other],
      [token, { ...token, name: 'other' }],
    ]) {
      expect(() => parseApiTokens(formatApiTokens(tokens))).toThrow('tokens.1')
    }
  })

  it('keeps its tokens where another cannot be used', () => {
    const { token } = createApiToken(wish)
    const list = apiTokenList(formatApiTokens([token]))
    expect(() => list.replace('broken')).toThrow(ApiTokensError)
    expect([list.find(token.id), list.generation()]).toEqual([token, 0])
  })
})
