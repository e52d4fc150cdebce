import { secretSeal } from '../../http/secret-seal.ts'
import { fromBase64, toBase64 } from '../../oci/base64.ts'

/** What a session cookie stands for. It never leaves the server but sealed. */
export interface Session {
  /** Names it where it was ended before its time. */
  readonly id: string
  /** What forms of this session carry, so that no other page can send them. */
  readonly csrf: string
  readonly user: string
  /** Or an API token, or the token of an issuer. It is held against the access at each request. */
  readonly password: string
  /** In milliseconds since the epoch. */
  readonly expiresAt: number
}

/** Seals sessions into text for a cookie, and opens them. */
export interface SessionSeals {
  seal(session: Session): Promise<string>
  /** Null for text that was not sealed with this secret, was changed, or whose time is over. */
  open(text: string, now: number): Promise<Session | null>
}

/**
 * Makes seals with AES-GCM: a session can be neither read nor changed without the secret.
 *
 * @param given 32 random bytes; by default bytes of this process, so that sessions end with it
 * @throws TypeError when the secret is of another length.
 */
export function sessionSeals(given?: Uint8Array): SessionSeals {
  const sessions = secretSeal('sessionSecret', given, 'layerdock session 1')
  return {
    async seal({ id, csrf, user, password, expiresAt }) {
      const text = JSON.stringify([id, csrf, user, password, expiresAt])
      return urlSafe(toBase64(await sessions.seal(new TextEncoder().encode(text))))
    },

    async open(text, now) {
      try {
        const bytes = fromBase64(text.replaceAll('-', '+').replaceAll('_', '/'))
        const opened = await sessions.open(bytes)
        const [id, csrf, user, password, expiresAt] = JSON.parse(
          new TextDecoder().decode(opened),
        ) as readonly [string, string, string, string, number]
        return expiresAt > now ? { id, csrf, user, password, expiresAt } : null
      } catch {
        return null
      }
    },
  }
}

/** Random text that cannot be guessed: 128 bits. */
export function randomToken(): string {
  return urlSafe(toBase64(crypto.getRandomValues(new Uint8Array(16))))
}

function urlSafe(base64: string): string {
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
