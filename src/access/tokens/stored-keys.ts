import { sha256 } from '@noble/hashes/sha2.js'
import type { JWK } from 'jose'

/** A key pair that signs tokens (ES256). */
export interface SigningKey {
  /** Its thumbprint (RFC 7638). */
  readonly kid: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
}

/** The text of kept keys cannot be used. */
export class KeysBroken extends Error {
  override readonly name = 'KeysBroken'
}

/** A key as it is kept. */
export interface StoredKey {
  readonly kid: string
  readonly createdAt: number
  readonly jwk: JWK
}

/** Makes a key pair. */
export async function makeKey(now: number): Promise<StoredKey> {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ])
  const { kty, crv, x, y, d } = (await crypto.subtle.exportKey('jwk', pair.privateKey)) as JWK
  const jwk = { kty, crv, x, y, d } as JWK
  return { kid: thumbprintOf(jwk), createdAt: now, jwk }
}

/** The text that keys are kept as. */
export function formatKeys(keys: readonly StoredKey[]): string {
  return `${JSON.stringify({ format: 1, keys }, null, 2)}\n`
}

/**
 * The keys in a text, as they are written.
 *
 * @throws KeysBroken
 */
export function storedKeys(text: string): readonly StoredKey[] {
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

/**
 * The keys in a text, to sign and verify with.
 *
 * @throws KeysBroken where a key is not a P-256 pair whose `kid` is its thumbprint.
 */
export async function parseKeys(text: string): Promise<readonly SigningKey[]> {
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
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  let key: SigningKey
  try {
    const publicJwk = { kty, crv, x, y } as JWK
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
  if (thumbprintOf({ kty, crv, x, y } as JWK) !== kid) throw broken('does not fit its kid')
  const sample = new TextEncoder().encode(kid)
  const digest = { name: 'ECDSA', hash: 'SHA-256' }
  const signature = await crypto.subtle.sign(digest, key.privateKey, sample)
  if (!(await crypto.subtle.verify(digest, key.publicKey, signature, sample))) {
    throw broken('has a private half that does not fit its public one')
  }
  return key
}

/** The thumbprint of a key (RFC 7638, 3.2). Not by jose, so that a server starts without it. */
function thumbprintOf({ crv, kty, x, y }: JWK): string {
  const digest = sha256(new TextEncoder().encode(JSON.stringify({ crv, kty, x, y })))
  const text = btoa(String.fromCharCode(...digest))
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
