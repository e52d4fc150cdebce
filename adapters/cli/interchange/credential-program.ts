import { spawn } from 'node:child_process'
import type { RegistryCredentials } from '../../../src/kit.ts'
import { CliError, exitCodes } from '../exit.ts'
import { plain } from '../plain-text.ts'
import { codeOf } from '../whole-file.ts'

/** A program that keeps logins for docker: `docker-credential-NAME`, found in PATH. */
export interface CredentialHelper {
  readonly name: string
  /** Under which it keeps the login. */
  readonly key: string
  /** Whether it surely has one. Otherwise it is asked, and need not be there. */
  readonly isExpected: boolean
}

/** How long it may take: it may ask a person. In milliseconds. */
const patienceMs = 60_000
const mostBytes = 1024 * 1024

/**
 * Asks the program for a login.
 *
 * @returns null where it has none
 * @throws CliError where it cannot be asked.
 */
export async function loginOf({
  name,
  key,
  isExpected,
}: CredentialHelper): Promise<RegistryCredentials | null> {
  const program = `docker-credential-${name}`
  const failed = (why: string): CliError =>
    new CliError(exitCodes.problem, [
      `${plain(program, 100)}, where docker keeps the login of ${plain(key, 200)}, ${why}. Write the login to a file as user:password, and name that`,
    ])
  // Its name comes from a file, and leads to no path.
  if (!/^[\w-][\w.-]*$/.test(name)) throw failed('has a name that none has')
  const ran = await run(program, key).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT' && !isExpected) return null
    throw failed(codeOf(error) === 'ENOENT' ? 'is not in PATH' : 'cannot be run')
  })
  if (ran === null) return null
  if (ran.code !== 0) {
    if (!isExpected || /not found/i.test(ran.out)) return null
    throw failed(`says: ${plain(ran.out.trim(), 200)}`)
  }
  const { Username: username, Secret: secret } = jsonOf(ran.out)
  if (typeof username !== 'string' || typeof secret !== 'string') throw failed('gives no login')
  if (secret === '') return null
  return username === '<token>'
    ? { kind: 'refresh', token: secret }
    : { kind: 'password', username, password: secret }
}

function run(
  program: string,
  key: string,
): Promise<{ readonly code: number | null; readonly out: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['get'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      timeout: patienceMs,
    })
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (out.length < mostBytes) out += text
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, out }))
    // One that does not read it says why by its exit code.
    child.stdin.on('error', () => {})
    child.stdin.end(key)
  })
}

function jsonOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
