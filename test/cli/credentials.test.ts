import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hashSync } from 'bcryptjs'
import { expect, test } from 'vitest'
import { describeOnRuntimes } from '../on-runtimes.ts'
import { useProgram } from './harness.ts'

describeOnRuntimes('a running server on %s', (runtime) => {
  const cli = useProgram(runtime)

  test('takes new users and tokens, and refuses those that are gone', async () => {
    const folder = cli.folder()
    const users = join(folder, 'users')
    const hash = hashSync('a password', 8)
    writeFileSync(users, `alice:${hash}\n`, { mode: 0o600 })
    const place = ['--storage-dir', join(folder, 'data')]
    const { url } = await cli.serve(...place, '--htpasswd', users)
    const status = async (authorization: string): Promise<number> =>
      (await fetch(`${url}/v2/_catalog`, { headers: { authorization } })).status
    const basic = (user: string, password: string): string => `Basic ${btoa(`${user}:${password}`)}`
    const becomes = (authorization: string, wanted: number): Promise<unknown> =>
      expect.poll(() => status(authorization), { interval: 100 }).toBe(wanted)

    const alice = basic('alice', 'a password')
    expect(await status(alice)).toBe(200)
    expect(await status(basic('alice', 'another'))).toBe(401)
    expect(await status(basic('bob', 'a password'))).toBe(401)

    const made = await cli.run('token', 'create', '--owner', 'ci', '--name', 'main', ...place)
    const token = made.out.trim()
    await becomes(basic('anybody', token), 200)
    expect(await status(`Bearer ${token}`)).toBe(200)
    await cli.run('token', 'revoke', 'main', ...place)
    await becomes(`Bearer ${token}`, 401)
    expect(await status(basic('anybody', token))).toBe(401)

    // It was right until now, and its verdict was kept.
    expect(await status(alice)).toBe(200)
    const endpoint = `${url}/v2/_layerdock/token?scope=registry:catalog:*`
    const got = await fetch(endpoint, { headers: { authorization: alice } })
    const short = `Bearer ${((await got.json()) as { token: string }).token}`
    expect(await status(short)).toBe(200)
    writeFileSync(users, `bob:${hash}\n`)
    await becomes(alice, 401)
    expect(await status(short)).toBe(401)
    expect(await status(basic('bob', 'a password'))).toBe(200)
  })
})
