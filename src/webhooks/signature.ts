import { fromBase64, toBase64 } from '../oci/base64.ts'
import type { Secret } from './secret.ts'

/** What is signed. */
export interface Signed {
  /** The id of the event. */
  readonly id: string
  /** Seconds since the epoch: when it is sent. */
  readonly timestamp: number
  readonly body: string
}

/**
 * The headers that prove who sent a request: those of Standard Webhooks (`webhook-signature` over id, time and body,
 * one for each secret, so that secrets can be changed without a gap), and `X-Signature` over the body alone by the first
 * secret, as receivers of the kind of GitHub's know it.
 */
export async function signatureHeaders(
  secrets: readonly Secret[],
  { id, timestamp, body }: Signed,
): Promise<Readonly<Record<string, string>>> {
  const [first] = secrets
  const headers = { 'webhook-id': id, 'webhook-timestamp': String(timestamp) }
  if (first === undefined) return headers
  const keys = await Promise.all(secrets.map(keyOf))
  const text = `${id}.${timestamp}.${body}`
  const signatures = await Promise.all(keys.map((key) => hmac(key, text)))
  const [firstKey] = keys
  const bare = firstKey === undefined ? new Uint8Array() : await hmac(firstKey, body)
  return {
    ...headers,
    'webhook-signature': signatures.map((bytes) => `v1,${toBase64(bytes)}`).join(' '),
    'X-Signature': `sha256=${hex(bare)}`,
  }
}

const encoder = new TextEncoder()

/** A secret of the form `whsec_…` is bytes in base64, as Standard Webhooks has them; another is its text. */
async function keyOf(secret: Secret): Promise<CryptoKey> {
  const text = secret.reveal()
  const bytes = text.startsWith('whsec_') ? fromBase64(text.slice('whsec_'.length)) : null
  const hash = { name: 'HMAC', hash: 'SHA-256' }
  const raw = new Uint8Array(bytes ?? encoder.encode(text))
  return await crypto.subtle.importKey('raw', raw, hash, false, ['sign'])
}

async function hmac(key: CryptoKey, text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, encoder.encode(text)))
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
