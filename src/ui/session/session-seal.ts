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

const ivBytes = 12
const secretBytes = 32
/** What a seal is for, so that no other text under the same secret opens as a session. */
const purpose: Uint8Array<ArrayBuffer> = new TextEncoder().encode('layerdock session 1')

/**
 * The secret of this process, where none is given. Made when it is first needed: not every runtime has
 * random bytes before its first request.
 */
let ownSecret: Uint8Array<ArrayBuffer> | null = null

/**
 * Makes seals with AES-GCM: a session can be neither read nor changed without the secret.
 *
 * @param given 32 random bytes; by default bytes of this process, so that sessions end with it
 * @throws TypeError when the secret is of another length.
 */
export function sessionSeals(given?: Uint8Array): SessionSeals {
  if (given !== undefined && given.byteLength !== secretBytes) {
    throw new TypeError(`sessionSecret is ${given.byteLength} bytes, not ${secretBytes}`)
  }
  const shared = given === undefined ? null : new Uint8Array(given)
  // Made for each request until one has it: on workerd, no request may wait for another's promise.
  let key: CryptoKey | null = null

  async function keyOf(): Promise<CryptoKey> {
    ownSecret ??= crypto.getRandomValues(new Uint8Array(secretBytes))
    const usages = ['encrypt', 'decrypt'] as const
    key ??= await crypto.subtle.importKey('raw', shared ?? ownSecret, 'AES-GCM', false, usages)
    return key
  }

  return {
    async seal({ id, csrf, user, password, expiresAt }) {
      const iv = crypto.getRandomValues(new Uint8Array(ivBytes))
      const text = JSON.stringify([id, csrf, user, password, expiresAt])
      const algorithm = { name: 'AES-GCM', iv, additionalData: purpose }
      const bytes = new TextEncoder().encode(text)
      const sealed = await crypto.subtle.encrypt(algorithm, await keyOf(), bytes)
      return urlSafe(toBase64(new Uint8Array([...iv, ...new Uint8Array(sealed)])))
    },

    async open(text, now) {
      try {
        const bytes = fromBase64(text.replaceAll('-', '+').replaceAll('_', '/'))
        const iv = bytes.subarray(0, ivBytes)
        const algorithm = { name: 'AES-GCM', iv, additionalData: purpose }
        const sealed = bytes.subarray(ivBytes)
        const opened = await crypto.subtle.decrypt(algorithm, await keyOf(), sealed)
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
