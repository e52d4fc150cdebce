// A registry that asks for a login, and how the clients do that: each is refused with a wrong password, logs in,
// is refused where its user may not push, and then does everything it does without a login.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fails } from './runner.mjs'

/** The user of every client. @type {{ readonly user: string, readonly password: string }} */
export const credentials = { user: 'ann', password: 'a passphrase: of "ann"' }

/** No client may push below it. */
const closed = 'closed'

/** Their names as `--login` takes them, and the flags of `serve`. @type {Record<string, readonly string[]>} */
const kinds = { token: [], password: ['--no-tokens'] }

/**
 * Makes the users and the policy of a server.
 * @param {readonly string[]} layerdock the program and its first arguments
 * @param {string} dir where to keep them
 * @param {string} kind what clients send with each request: `token` or `password`
 * @returns {readonly string[] | null} the arguments of `serve`; `null`: there is no such kind
 */
export function loginArguments([program = '', ...before], dir, kind) {
  const more = kinds[kind]
  if (more === undefined) return null
  const [htpasswd, policy] = [join(dir, 'users.htpasswd'), join(dir, 'policy.json')]
  const { user, password } = credentials
  execFileSync(program, [...before, 'user', 'add', user, '--htpasswd', htpasswd], {
    input: `${password}\n`,
  })
  const rules = [
    { name: 'closed', who: '*', repositories: `${closed}/**`, deny: ['push', 'delete'] },
    { who: '*', repositories: '**', allow: ['pull', 'push', 'delete', 'catalog'] },
  ]
  writeFileSync(policy, JSON.stringify({ rules }), { mode: 0o600 })
  return ['--htpasswd', htpasswd, '--policy', policy, ...more]
}

/** @returns {string} the `Authorization` of the user */
export function authorization() {
  const { user, password } = credentials
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

/**
 * The first steps of a client where the registry asks for a login; none where it does not.
 * @param {import('./context.mjs').Context} context
 * @param {object} client
 * @param {((user: string, password: string) => Promise<unknown>) | null} client.login `null`: it has no
 *   such command, and sends the password with each command
 * @param {(ref: string) => Promise<unknown>} client.push pushes something small
 * @returns {import('./runner.mjs').Step[]}
 */
export function loginSteps(context, { login, push }) {
  if (!context.asksForLogin) return []
  const { user, password } = credentials
  const first = [
    {
      title: 'log in: refused without a password, with a wrong one, and as nobody',
      run: async () => {
        await fails(() => push(context.ref('early')), 'it pushed without a login')
        await fails(async () => login?.(user, 'wrong'), 'a wrong password was taken')
        await fails(async () => login?.('nobody', password), 'an unknown user was taken')
      },
    },
    { title: 'log in', run: async () => login?.(user, password) },
  ]
  return [
    ...(login === null ? [] : first),
    {
      title: 'a push is refused where the user may not push',
      run: async () => {
        const place = `${context.host}/${closed}/${context.repo('app')}:v1`
        await fails(() => push(place), 'it was pushed')
      },
    },
  ]
}
