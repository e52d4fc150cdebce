import { join } from 'node:path'
import type { RegistryCredentials } from '../../../src/kit.ts'
import { CliError, exitCodes } from '../exit.ts'
import { FileRefused, readGuarded } from '../guarded-file.ts'
import { plain } from '../plain-text.ts'

/** Permissions that a file of a password must not have: those of everybody. */
const forbidden = 0o007

/**
 * The login for a registry: from a file, or from what `docker login` keeps.
 *
 * @param file holds `user:password` on its first line; null for docker's file
 * @throws CliError where the file cannot be used, or docker keeps the login in another program.
 */
export async function loginFor(
  registry: URL,
  file: string | null,
): Promise<RegistryCredentials | null> {
  if (file !== null) return passwordIn(file, await guarded(file, forbidden))
  const { DOCKER_CONFIG, HOME, USERPROFILE } = process.env
  const home = HOME ?? USERPROFILE
  const folder = DOCKER_CONFIG ?? (home === undefined ? null : join(home, '.docker'))
  if (folder === null) return null
  const path = join(folder, 'config.json')
  const text = await readGuarded(path, 0o002).catch((error: unknown) => {
    if (error instanceof FileRefused && error.isAbsent) return null
    throw error instanceof FileRefused ? unfit(path, error) : error
  })
  return text === null ? null : loginIn(text.text, registry, path)
}

/** The names under which docker keeps the login of a registry. */
function keysOf({ host, hostname }: URL): readonly string[] {
  const own = [
    host,
    `https://${host}`,
    `http://${host}`,
    `https://${host}/v2/`,
    `https://${host}/v1/`,
  ]
  return hostname === 'registry-1.docker.io'
    ? ['https://index.docker.io/v1/', 'docker.io', ...own]
    : own
}

/** The login for a registry in docker's `config.json`; null where there is none. */
export function loginIn(text: string, registry: URL, path: string): RegistryCredentials | null {
  const document = jsonOf(text, path)
  const keys = keysOf(registry)
  const auths = fieldsOf(document.auths)
  for (const key of keys) {
    const { auth, username, password, identitytoken } = fieldsOf(auths.get(key)).object
    if (typeof identitytoken === 'string' && identitytoken !== '') {
      return { kind: 'refresh', token: identitytoken }
    }
    if (typeof username === 'string' && typeof password === 'string') {
      return { kind: 'password', username, password }
    }
    if (typeof auth !== 'string' || auth === '') continue
    const pair = Buffer.from(auth, 'base64').toString('utf8')
    const colon = pair.indexOf(':')
    if (colon < 1) continue
    return { kind: 'password', username: pair.slice(0, colon), password: pair.slice(colon + 1) }
  }
  const helpers = fieldsOf(document.credHelpers)
  const isKept =
    keys.some((key) => helpers.get(key) !== undefined) ||
    (typeof document.credsStore === 'string' && keys.some((key) => auths.get(key) !== undefined))
  if (!isKept) return null
  throw new CliError(exitCodes.problem, [
    `${plain(path, 200)}: docker keeps the login of ${registry.host} in another program; write it to a file as user:password, and name that`,
  ])
}

function passwordIn(path: string, text: string): RegistryCredentials {
  const [line = ''] = text.split(/\r?\n/)
  const colon = line.indexOf(':')
  if (colon < 1) {
    throw new CliError(exitCodes.problem, [`${plain(path, 200)}: its first line is user:password`])
  }
  return { kind: 'password', username: line.slice(0, colon), password: line.slice(colon + 1) }
}

async function guarded(path: string, bits: number): Promise<string> {
  try {
    return (await readGuarded(path, bits)).text
  } catch (error) {
    throw error instanceof FileRefused ? unfit(path, error) : error
  }
}

function unfit(path: string, { message }: FileRefused): CliError {
  return new CliError(exitCodes.problem, [`${plain(path, 200)}: ${message}`])
}

function jsonOf(text: string, path: string): Record<string, unknown> {
  try {
    return fieldsOf(JSON.parse(text)).object
  } catch {
    throw new CliError(exitCodes.problem, [`${plain(path, 200)}: is not JSON`])
  }
}

function fieldsOf(value: unknown): {
  readonly object: Record<string, unknown>
  get(key: string): unknown
} {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  const object = isObject ? (value as Record<string, unknown>) : {}
  return { object, get: (key) => (Object.hasOwn(object, key) ? object[key] : undefined) }
}
