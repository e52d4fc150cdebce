import type { CryptoKey, JWK } from 'jose'

/** A key pair that signs tokens (ES256). */
export interface SigningKey {
  /** Its thumbprint (RFC 7638). */
  readonly kid: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
}

/** The keys of a token service. */
export interface SigningKeys {
  /** The key that signs now; made or replaced where it is time. */
  current(): Promise<SigningKey>
  /** A key that tokens may still be signed with; null for an unknown one. */
  find(kid: string): Promise<SigningKey | null>
}

/**
 * Keeps keys as one text, for one process or several. It holds private keys: only the registry may read it.
 */
export interface KeyStore {
  /** The text; null where there is none yet. */
  read(): Promise<string | null>
  /**
   * Replaces the text as a whole, durably, unless another process has done so since `before` was read.
   *
   * @returns whether it is `after` now
   */
  replace(before: string | null, after: string): Promise<boolean>
}

/** How keys are kept and renewed. */
export interface SigningKeyOptions {
  /** Default: this process alone, so tokens end with it. */
  readonly store?: KeyStore
  /** The age in milliseconds at which another key signs instead. Default: 30 days. */
  readonly rotateMs?: number
  /** How long a replaced key still verifies, in milliseconds: as long as refresh tokens live. Default: 31 days. */
  readonly keepMs?: number
  /** Milliseconds since the epoch. */
  readonly clock?: () => number
  /**
   * Told when the store cannot be read or written any more. The keys that are known are used on; without any, the
   * request fails.
   */
  readonly onProblem?: (error: unknown) => void
}

/** The text of kept keys cannot be used. */
export class KeysBroken extends Error {
  override readonly name = 'KeysBroken'
}

interface StoredKey {
  readonly kid: string
  readonly createdAt: number
  readonly jwk: JWK
}

interface Known {
  readonly text: string | null
  /** The newest first. */
  readonly keys: readonly SigningKey[]
  readonly readAt: number
}

const day = 86_400_000
/** How often the store is looked at for what other processes, or the operator, changed. */
const rereadMs = 60_000
/** The same for a key that is not known: a forged token must not cost a read each time. */
const unknownMs = 1_000

/**
 * Keys for `tokenService`.
 *
 * @example
 * const keys = signingKeys({ store: fileKeyStore('/var/lib/layerdock/access/keys.json') })
 */
export function signingKeys(options: SigningKeyOptions = {}): SigningKeys {
  const store = options.store ?? memoryStore()
  const rotateMs = options.rotateMs ?? 30 * day
  const keepMs = options.keepMs ?? 31 * day
  const clock = options.clock ?? Date.now
  let known: Known | null = null
  let running: Promise<Known> | null = null

  /** One at a time: reads the store, and makes a key where the newest is too old. */
  function refreshed(): Promise<Known> {
    running ??= refresh()
      .catch((error: unknown) => {
        if (known === null || known.keys.length === 0) throw error
        options.onProblem?.(error)
        known = { ...known, readAt: clock() }
        return known
      })
      .finally(() => {
        running = null
      })
    return running
  }

  async function refresh(): Promise<Known> {
    for (let tries = 0; tries < 10; tries += 1) {
      const text = await store.read()
      if (known === null || known.text !== text) {
        known = { text, keys: text === null ? [] : await parseKeys(text), readAt: clock() }
      } else known = { ...known, readAt: clock() }
      if (!isDue(known)) return known
      const next = await withNewKey(text, known.keys)
      if (await store.replace(text, next)) {
        known = { text: next, keys: await parseKeys(next), readAt: clock() }
        return known
      }
    }
    throw new Error('the signing keys are changed by others again and again')
  }

  /** A key from the future was made by a clock that was wrong, and would never be replaced. */
  function isDue({ keys }: Known): boolean {
    const [newest] = keys
    if (newest === undefined) return true
    const age = clock() - newest.createdAt
    return age >= rotateMs || age < -day
  }

  async function withNewKey(text: string | null, keys: readonly SigningKey[]): Promise<string> {
    const now = clock()
    const stored = text === null ? [] : storedKeys(text)
    const kept = stored.filter((_, index) => {
      const replacedAt = keys[index - 1]?.createdAt ?? now
      return now - replacedAt < keepMs
    })
    return formatKeys([await makeKey(now), ...kept])
  }

  return {
    async current() {
      const isFresh = known !== null && !isDue(known) && isRecent(known, rereadMs)
      const { keys } = isFresh && known !== null ? known : await refreshed()
      const [newest] = keys
      if (newest === undefined) throw new KeysBroken('there is no key')
      return newest
    },

    async find(kid) {
      const here = known?.keys.find((key) => key.kid === kid)
      if (here !== undefined && known !== null && isRecent(known, rereadMs)) return here
      if (known !== null && isRecent(known, unknownMs)) return here ?? null
      const { keys } = await refreshed()
      return keys.find((key) => key.kid === kid) ?? null
    },
  }

  function isRecent({ readAt }: Known, ms: number): boolean {
    const age = clock() - readAt
    return age >= 0 && age < ms
  }
}

function memoryStore(): KeyStore {
  let text: string | null = null
  return {
    read: async () => text,
    async replace(before, after) {
      if (text !== before) return false
      text = after
      return true
    },
  }
}

async function makeKey(now: number): Promise<StoredKey> {
  const { calculateJwkThumbprint } = await import('jose/jwk/thumbprint')
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ])
  const { kty, crv, x, y, d } = (await crypto.subtle.exportKey('jwk', pair.privateKey)) as JWK
  const jwk = { kty, crv, x, y, d } as JWK
  return { kid: await calculateJwkThumbprint(jwk), createdAt: now, jwk }
}

function formatKeys(keys: readonly StoredKey[]): string {
  return `${JSON.stringify({ format: 1, keys }, null, 2)}\n`
}

/** @throws KeysBroken */
function storedKeys(text: string): readonly StoredKey[] {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    throw new KeysBroken('it is not JSON')
  }
  const { format, keys } = (document ?? {}) as { format?: unknown; keys?: unknown }
  if (format !== 1) throw new KeysBroken('it is of a format that this version does not know')
  if (!Array.isArray(keys) || keys.length === 0) throw new KeysBroken('it has no keys')
  return keys as StoredKey[]
}

/** @throws KeysBroken where a key is not a P-256 pair whose `kid` is its thumbprint. */
async function parseKeys(text: string): Promise<readonly SigningKey[]> {
  return Promise.all(storedKeys(text).map(importKey))
}

async function importKey(stored: StoredKey, index: number): Promise<SigningKey> {
  const broken = (what: string): KeysBroken => new KeysBroken(`key ${index + 1} ${what}`)
  const { kid, createdAt, jwk } = (stored ?? {}) as Partial<StoredKey>
  if (typeof kid !== 'string' || typeof createdAt !== 'number' || !Number.isFinite(createdAt)) {
    throw broken('has no kid or no createdAt')
  }
  const { kty, crv, x, y, d } = jwk ?? {}
  if (kty !== 'EC' || crv !== 'P-256') throw broken('is not of the curve P-256')
  const { calculateJwkThumbprint } = await import('jose/jwk/thumbprint')
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  let key: SigningKey
  let thumbprint: string
  try {
    const publicJwk = { kty, crv, x, y } as JWK
    thumbprint = await calculateJwkThumbprint(publicJwk)
    key = {
      kid,
      createdAt,
      privateKey: await crypto.subtle.importKey(
        'jwk',
        { ...publicJwk, d } as JWK,
        algorithm,
        false,
        ['sign'],
      ),
      publicKey: await crypto.subtle.importKey('jwk', publicJwk, algorithm, false, ['verify']),
    }
  } catch {
    throw broken('cannot be read')
  }
  if (thumbprint !== kid) throw broken('does not fit its kid')
  const sample = new TextEncoder().encode(kid)
  const digest = { name: 'ECDSA', hash: 'SHA-256' }
  const signature = await crypto.subtle.sign(digest, key.privateKey, sample)
  if (!(await crypto.subtle.verify(digest, key.publicKey, signature, sample))) {
    throw broken('has a private half that does not fit its public one')
  }
  return key
}
