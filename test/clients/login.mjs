// A registry that asks for a login, and how the clients do that: each is refused with a wrong password, logs in,
// is refused where its user may not push, and then does everything it does without a login.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { fails } from './runner.mjs'

/**
 * A registry that asks for a login.
 * @typedef {object} Login
 * @property {string} user of every client
 * @property {string} password
 * @property {readonly string[]} args the arguments of `serve`
 * @property {string} authorization the header of a request of the user's
 * @property {() => void} close
 */

/** No client may push below it. */
const closed = 'closed'

/** The ways to log in, as `--login` takes them. */
export const loginKinds = ['token', 'password', 'oidc']

/**
 * Makes users, a policy, and with `oidc` an issuer whose tokens are the passwords, as GitHub's are in a job.
 * @param {readonly string[]} layerdock the program and its first arguments
 * @param {string} dir where to keep files
 * @param {string} kind one of {@link loginKinds}
 * @returns {Promise<Login>}
 */
export async function openLogin(layerdock, dir, kind) {
  const policy = join(dir, 'policy.json')
  if (kind === 'oidc') {
    const issuer = await startIssuer()
    const who = { issuer: 'github', claims: { repository_owner: 'acme' } }
    const issuers = [{ name: 'github', issuer: issuer.url, audiences: ['registry.example.com'] }]
    writePolicy(policy, who, { issuers })
    return login('oidc', issuer.token, ['--policy', policy], issuer.close)
  }
  const htpasswd = join(dir, 'users.htpasswd')
  const [user, password] = ['ann', 'a passphrase: of "ann"']
  const [program = '', ...before] = layerdock
  execFileSync(program, [...before, 'user', 'add', user, '--htpasswd', htpasswd], {
    input: `${password}\n`,
  })
  writePolicy(policy, '*', {})
  const args = ['--htpasswd', htpasswd, '--policy', policy]
  return login(user, password, kind === 'password' ? [...args, '--no-tokens'] : args, () => {})
}

/**
 * @param {string} user
 * @param {string} password
 * @param {readonly string[]} args
 * @param {() => void} close
 * @returns {Login}
 */
function login(user, password, args, close) {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  return { user, password, args, authorization, close }
}

/**
 * @param {string} path
 * @param {unknown} who
 * @param {object} more
 */
function writePolicy(path, who, more) {
  const rules = [
    { name: 'closed', who, repositories: `${closed}/**`, deny: ['push', 'delete'] },
    { who, repositories: '**', allow: ['pull', 'push', 'delete', 'catalog'] },
  ]
  writeFileSync(path, JSON.stringify({ rules, ...more }), { mode: 0o600 })
}

/**
 * An issuer on loopback with one key, and a token of a job as GitHub Actions would give it.
 * @returns {Promise<{ url: string, token: string, close: () => void }>}
 */
async function startIssuer() {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
  const key = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }
  const server = createServer((request, response) => {
    const document = request.url?.startsWith('/.well-known/openid-configuration')
      ? { issuer: url, jwks_uri: `${url}/jwks` }
      : { keys: [key] }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(document))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(null)))
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  const url = `http://127.0.0.1:${port}`
  const token = await new SignJWT({
    repository: 'acme/app',
    repository_owner: 'acme',
    ref: 'refs/heads/main',
    workflow_ref: 'acme/app/.github/workflows/push.yml@refs/heads/main',
  })
    .setProtectedHeader({ alg: 'RS256', kid: 'one', typ: 'JWT' })
    .setIssuer(url)
    .setAudience('registry.example.com')
    .setSubject('repo:acme/app:ref:refs/heads/main')
    .setIssuedAt()
    .setExpirationTime('30m')
    .sign(privateKey)
  return { url, token, close: () => server.close() }
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
  if (context.login === null) return []
  const { user, password } = context.login
  const first = [
    {
      title: 'log in: refused without a password, with a wrong one, and as nobody',
      run: async () => {
        await fails(() => push(context.ref('early')), 'it pushed without a login')
        await fails(async () => login?.(user, 'wrong'), 'a wrong password was taken')
        await fails(async () => login?.('nobody', 'password'), 'an unknown user was taken')
      },
    },
    {
      title: 'log in',
      run: async () => {
        await login?.(user, password)
      },
    },
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
