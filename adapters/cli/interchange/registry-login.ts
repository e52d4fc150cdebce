import { join } from 'node:path'
import type { RegistryCredentials } from '../../../src/kit.ts'
import { CliError, exitCodes } from '../exit.ts'
import { FileRefused, readGuarded } from '../guarded-file.ts'
import { plain } from '../plain-text.ts'
import { type CredentialHelper, loginOf } from './credential-program.ts'

/** Permissions that a file of a password must not have: those of everybody. */
const forbidden = 0o007

/**
 * The login for a registry: from a file, or from what `docker login`, `podman login` or `skopeo login` keep.
 *
 * @param file holds `user:password` on its first line; null for those of the other programs
 * @throws CliError where a file cannot be used, or the program in which docker keeps the login.
 */
export async function loginFor(
  registry: URL,
  file: string | null,
): Promise<RegistryCredentials | null> {
  if (file !== null) return passwordIn(file, await guarded(file, forbidden))
  for (const path of keptIn(process.env)) {
    const text = await readGuarded(path, 0o002).catch((error: unknown) => {
      if (error instanceof FileRefused && error.isAbsent) return null
      throw error instanceof FileRefused ? unfit(path, error) : error
    })
    if (text === null) continue
    const { helper, login } = loginIn(text.text, registry, path)
    const found = (helper === null ? null : await loginOf(helper)) ?? login
    if (found !== null) return found
  }
  return null
}

/** The files in which other programs keep logins, in the order in which they count. */
function keptIn({
  REGISTRY_AUTH_FILE,
  DOCKER_CONFIG,
  XDG_RUNTIME_DIR,
  HOME,
  USERPROFILE,
}: NodeJS.ProcessEnv): readonly string[] {
  const home = HOME ?? USERPROFILE
  const docker = DOCKER_CONFIG ?? (home === undefined ? undefined : join(home, '.docker'))
  return [
    ...(REGISTRY_AUTH_FILE === undefined ? [] : [REGISTRY_AUTH_FILE]),
    ...(docker === undefined ? [] : [join(docker, 'config.json')]),
    ...(XDG_RUNTIME_DIR === undefined ? [] : [join(XDG_RUNTIME_DIR, 'containers/auth.json')]),
  ]
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

/** What a file says of the login for a registry. */
export interface KeptLogin {
  /** The program that is asked first. */
  readonly helper: CredentialHelper | null
  readonly login: RegistryCredentials | null
}

/** The login for a registry in docker's `config.json`, or in a file like it. @throws CliError */
export function loginIn(text: string, registry: URL, path: string): KeptLogin {
  const document = jsonOf(text, path)
  const keys = keysOf(registry)
  const auths = fieldsOf(document.auths)
  const helpers = fieldsOf(document.credHelpers)
  const helped = keys.find((key) => typeof helpers.get(key) === 'string')
  if (helped !== undefined) {
    const name = String(helpers.get(helped))
    return { helper: { name, key: helped, isExpected: true }, login: null }
  }
  const login = keys.map((key) => loginUnder(auths.get(key))).find((found) => found !== null)
  const { credsStore: name } = document
  if (typeof name !== 'string' || name === '') return { helper: null, login: login ?? null }
  const key = keys.find((each) => auths.get(each) !== undefined)
  const helper = { name, key: key ?? keys[0] ?? '', isExpected: key !== undefined && !login }
  return { helper, login: login ?? null }
}

function loginUnder(entry: unknown): RegistryCredentials | null {
  const { auth, username, password, identitytoken } = fieldsOf(entry).object
  if (typeof identitytoken === 'string' && identitytoken !== '') {
    return { kind: 'refresh', token: identitytoken }
  }
  if (typeof username === 'string' && typeof password === 'string') {
    return { kind: 'password', username, password }
  }
  if (typeof auth !== 'string' || auth === '') return null
  const pair = Buffer.from(auth, 'base64').toString('utf8')
  const colon = pair.indexOf(':')
  if (colon < 1) return null
  return { kind: 'password', username: pair.slice(0, colon), password: pair.slice(colon + 1) }
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
