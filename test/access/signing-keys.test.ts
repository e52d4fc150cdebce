import { chmod, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { calculateJwkThumbprint } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fileKeyStore, signingKeysOf } from '../../adapters/cli/signing-keys-file.ts'
import { type KeyStore, KeysBroken, signingKeys } from '../../src/access/index.ts'
import { getToken, postForm, tokenRegistry, withToken } from './token-registry.ts'

const day = 86_400_000

/** A store in memory that counts what it is asked. */
function countedStore(): KeyStore & { text: string | null; reads: number } {
  return {
    text: null,
    reads: 0,
    async read() {
      this.reads += 1
      return this.text
    },
    async replace(before, after) {
      if (this.text !== before) return false
      this.text = after
      return true
    },
  }
}

describe('signing keys', () => {
  test('are made once, and named by their thumbprint', async () => {
    const store = countedStore()
    const first = await signingKeys({ store }).current()
    const second = await signingKeys({ store }).current()
    expect(second.kid).toBe(first.kid)
    const { keys } = JSON.parse(store.text ?? '')
    expect(first.kid).toBe(await calculateJwkThumbprint(keys[0].jwk))
  })

  test('of processes that start at once are the same', async () => {
    const store = countedStore()
    const all = await Promise.all(Array.from({ length: 8 }, () => signingKeys({ store }).current()))
    expect(new Set(all.map(({ kid }) => kid)).size).toBe(1)
  })

  test('are renewed by age, and the replaced one verifies until its last token is over', async () => {
    let now = Date.now()
    const store = countedStore()
    const keys = signingKeys({ store, clock: () => now })
    const first = await keys.current()
    now += 29 * day
    expect((await keys.current()).kid).toBe(first.kid)
    now += 2 * day
    const second = await keys.current()
    expect(second.kid).not.toBe(first.kid)
    expect((await keys.find(first.kid))?.kid).toBe(first.kid)
    now += 30 * day
    const third = await keys.current()
    expect(await keys.find(first.kid)).not.toBeNull()
    now += 31 * day
    await keys.current()
    expect(await keys.find(first.kid)).toBeNull()
    expect(await keys.find(third.kid)).not.toBeNull()
  })

  test('made while a clock was years ahead are renewed', async () => {
    let now = Date.now() + 3_650 * day
    const store = countedStore()
    const { kid } = await signingKeys({ store, clock: () => now }).current()
    now -= 3_650 * day
    expect((await signingKeys({ store, clock: () => now }).current()).kid).not.toBe(kid)
  })

  test('that another process made are found, and an unknown key costs a read a second at most', async () => {
    let now = Date.now()
    const store = countedStore()
    const here = signingKeys({ store, clock: () => now })
    const there = signingKeys({ store, clock: () => now, rotateMs: 60_000 })
    await here.current()
    now += 61_000
    const { kid } = await there.current()
    now += 2_000
    expect((await here.find(kid))?.kid).toBe(kid)
    const { reads } = store
    for (let index = 0; index < 100; index += 1) expect(await here.find(`k${index}`)).toBeNull()
    expect(store.reads - reads).toBeLessThan(3)
  })

  test('that are removed are believed for a minute and a half at most', async () => {
    let now = Date.now()
    const store = countedStore()
    const clock = (): number => now
    const registry = tokenRegistry({ keys: signingKeys({ store, clock }), clock })
    const { token } = await getToken(registry, '')
    const status = async (): Promise<number> => (await withToken(registry, token, '/v2/')).status
    expect(await status()).toBe(200)
    store.text = null
    now += 59_000
    expect(await status()).toBe(200)
    now += 31_000
    expect(await status()).toBe(401)
    expect((await withToken(registry, (await getToken(registry, '')).token, '/v2/')).status).toBe(
      200,
    )
  })

  test('are used on while their store cannot be read', async () => {
    let now = Date.now()
    const problems: unknown[] = []
    const store = countedStore()
    const keys = signingKeys({
      store,
      clock: () => now,
      onProblem: (error) => problems.push(error),
    })
    const { kid } = await keys.current()
    store.text = 'damaged'
    now += 40 * day
    const { reads } = store
    for (let index = 0; index < 10; index += 1) expect((await keys.current()).kid).toBe(kid)
    expect(store.reads - reads).toBe(1)
    expect(problems).toMatchObject([{ name: 'KeysBroken' }])
  })

  test.each([
    ['damaged', 'not JSON'],
    ['null', 'format'],
    ['{"format":2,"keys":[]}', 'format'],
    ['{"format":1,"keys":[]}', 'no keys'],
    ['{"format":1,"keys":[null]}', 'key 1'],
    ['{"format":1,"keys":[{"kid":"a","createdAt":1,"jwk":{"kty":"oct","k":"AA"}}]}', 'P-256'],
    ['{"format":1,"keys":[{"kid":"a","createdAt":1,"jwk":{"kty":"EC","crv":"P-256"}}]}', 'read'],
  ])('from the text %s are an error', async (text, message) => {
    const store = countedStore()
    store.text = text
    const failure = signingKeys({ store }).current()
    await expect(failure).rejects.toThrow(KeysBroken)
    await expect(failure).rejects.toThrow(message)
  })

  test('whose halves or kid do not fit are an error', async () => {
    const [one, other] = [countedStore(), countedStore()]
    for (const store of [one, other]) await signingKeys({ store }).current()
    const [a, b] = [one, other].map(({ text }) => JSON.parse(text ?? ''))
    const broken = [
      { ...a.keys[0], kid: b.keys[0].kid },
      { ...a.keys[0], jwk: { ...a.keys[0].jwk, d: b.keys[0].jwk.d } },
    ]
    for (const key of broken) {
      const store = countedStore()
      store.text = JSON.stringify({ format: 1, keys: [key] })
      await expect(signingKeys({ store }).current()).rejects.toThrow(KeysBroken)
    }
  })
})

describe('after a rotation', () => {
  test('access and refresh tokens of the replaced key still count', async () => {
    let now = Date.now()
    const clock = (): number => now
    const keys = signingKeys({ clock, rotateMs: 120_000 })
    const registry = tokenRegistry({ keys, clock })
    const ann = { Authorization: `Basic ${btoa('ann:secret')}` }
    const before = await getToken(registry, 'offline_token=true&scope=repository:team/a:pull', ann)
    now += 130_000
    const after = await getToken(registry, 'scope=repository:team/a:pull', ann)
    expect(headerOf(after.token).kid).not.toBe(headerOf(before.token).kid)
    for (const { token } of [before, after]) {
      expect((await withToken(registry, token, '/v2/team/a/tags/list')).status).toBe(404)
    }
    const form = { grant_type: 'refresh_token', refresh_token: before.refresh_token ?? '' }
    expect((await postForm(registry, form)).status).toBe(200)
  })
})

function headerOf(token: string): { kid: string } {
  return JSON.parse(atob((token.split('.')[0] ?? '').replaceAll('-', '+').replaceAll('_', '/')))
}

describe('a file of signing keys', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'layerdock-keys-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  test('is made at the first start, for its owner alone, and used at the next', async () => {
    const path = join(folder, 'access', 'keys.json')
    const { kid } = await (await signingKeysOf(path)).current()
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await stat(join(folder, 'access'))).mode & 0o777).toBe(0o700)
    expect((await (await signingKeysOf(path)).current()).kid).toBe(kid)
    expect(await readdir(join(folder, 'access'))).toEqual(['keys.json'])
  })

  test('shared by processes that start at once has one key', async () => {
    const path = join(folder, 'keys.json')
    const all = await Promise.all(Array.from({ length: 8 }, () => signingKeysOf(path)))
    const kids = await Promise.all(all.map(async (keys) => (await keys.current()).kid))
    expect(new Set(kids).size).toBe(1)
    expect(JSON.parse(await readFile(path, 'utf8')).keys).toHaveLength(1)
  })

  test.each([0o644, 0o640 | 0o020, 0o606])(
    'that others may read or change (%o) is refused',
    async (mode) => {
      const path = join(folder, 'keys.json')
      await signingKeysOf(path)
      await chmod(path, mode)
      await expect(signingKeysOf(path)).rejects.toThrow(`run chmod 600 ${path}`)
    },
  )

  test('that is damaged is an error that says what to do, and stays as it is', async () => {
    const path = join(folder, 'keys.json')
    await writeFile(path, 'damaged', { mode: 0o600 })
    await expect(signingKeysOf(path)).rejects.toThrow(
      /not JSON; restore it from a backup, or remove it/,
    )
    expect(await readFile(path, 'utf8')).toBe('damaged')
  })

  test('is not replaced where it changed since it was read', async () => {
    const store = fileKeyStore(join(folder, 'keys.json'))
    expect(await store.replace(null, 'one')).toBe(true)
    expect(await store.replace(null, 'two')).toBe(false)
    expect(await store.replace('one', 'two')).toBe(true)
    expect(await store.read()).toBe('two')
    expect(await readdir(folder)).toEqual(['keys.json'])
  })

  test('is replaced past a lock that a crash left behind', async () => {
    const path = join(folder, 'keys.json')
    await writeFile(`${path}.lock`, '')
    const long = new Date(Date.now() - 60_000)
    await utimes(`${path}.lock`, long, long)
    expect(await fileKeyStore(path).replace(null, 'one')).toBe(true)
    expect(await readdir(folder)).toEqual(['keys.json'])
  })
})
