import { apiTokenIdOf } from './api-token-text.ts'
import { type HtpasswdUser, isTooLongForBcrypt, parseHtpasswd } from './htpasswd-file.ts'
import type { Identified, Login, LoginResult } from './login.ts'

/** For whom a password is checked, so that one flood of logins can be told from the others. */
export interface PasswordAttempt {
  readonly user: string
  /** The client's address, where it is known. */
  readonly address: string | undefined
}

/**
 * Whether a password belongs to a bcrypt hash. May refuse with a RegistryError, `tooManyRequests` for example.
 */
export type VerifyPassword = (
  password: string,
  hash: string,
  attempt: PasswordAttempt,
) => Promise<boolean>

/** How passwords of an htpasswd file are checked. */
export interface HtpasswdOptions {
  /**
   * Default: bcryptjs in this thread, which takes about 60 ms of it for each check. `layerdock serve` checks
   * in a thread beside it.
   */
  readonly verify?: VerifyPassword
}

/** The login of an htpasswd file. */
export interface HtpasswdLogin extends Login {
  /** What works and should be better, a sentence each. */
  readonly warnings: readonly string[]
  /**
   * Takes the users of another text instead: for a file that has changed. Nobody is believed from before then.
   *
   * @throws HtpasswdError where it cannot be used; the users stay as they are then.
   */
  replace(text: string): void
}

/**
 * A login of the users of an htpasswd file with bcrypt hashes, as `htpasswd -B` and `layerdock user add` write
 * it. Their principals have the user's name as id.
 *
 * @param text of the file, not its path
 * @throws HtpasswdError where it cannot be used.
 * @example
 * const users = htpasswd(await readFile('users.htpasswd', 'utf8'))
 */
export function htpasswd(text: string, options: HtpasswdOptions = {}): HtpasswdLogin {
  const verify = options.verify ?? verifyHere
  let file = parseHtpasswd(text)
  let dummy = dummyHash(file.users)
  let generation = 0

  return {
    name: 'htpasswd',

    async password(user, password, request): Promise<LoginResult> {
      // Nobody has such a password, so this says nothing about the user.
      if (isTooLongForBcrypt(password) || apiTokenIdOf(password) !== null) return null
      const known = file.users.get(user)
      const attempt = { user, address: request.peer.address }
      const isRight = await verify(password, known?.hash ?? dummy, attempt)
      if (known === undefined) return null
      // The user may have been removed meanwhile, or have another password now.
      if (!isRight || file.users.get(user)?.hash !== known.hash) return { rejected: true }
      return identified(user, known)
    },

    async stampOf(id) {
      const known = file.users.get(id)
      return known === undefined ? null : identified(id, known)
    },

    generation: () => generation,

    get warnings() {
      return file.warnings
    },

    replace(next) {
      file = parseHtpasswd(next)
      dummy = dummyHash(file.users)
      generation += 1
    },
  }
}

function identified(user: string, { hash }: HtpasswdUser): Identified {
  return { principal: { id: user, details: { login: 'htpasswd' } }, stamp: hash }
}

/** Loaded with the first password: a registry without such users does without it. */
async function verifyHere(password: string, hash: string): Promise<boolean> {
  const { compare } = await import('bcryptjs')
  return compare(password, hash)
}

/**
 * A hash of no known password with the most common cost, checked for users that are not there: so they take as
 * long as a wrong password.
 */
function dummyHash(users: ReadonlyMap<string, HtpasswdUser>): string {
  const counts: Map<number, number> = new Map()
  for (const { cost } of users.values()) counts.set(cost, (counts.get(cost) ?? 0) + 1)
  const [common] = [...counts].sort(([a, many], [b, more]) => more - many || b - a)
  const characters = crypto
    .getRandomValues(new Uint8Array(53))
    .reduce((text, byte) => text + bcryptAlphabet.charAt(byte & 63), '')
  return `$2b$${String(common?.[0] ?? 10).padStart(2, '0')}$${characters}`
}

const bcryptAlphabet = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
