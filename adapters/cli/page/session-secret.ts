import { randomBytes } from 'node:crypto'
import type { KeyStore } from '../../../src/access/index.ts'

const secretBytes = 32

/**
 * The secret of sessions, kept with the names: a login outlives a restart, and is one on every node. A server that
 * only reads and finds none has one of its own.
 *
 * @throws Error when it cannot be read or kept.
 */
export async function sessionSecret(note: KeyStore, readOnly: boolean): Promise<Uint8Array> {
  for (;;) {
    const text = await note.read()
    const kept = text === null ? null : parse(text)
    if (kept !== null) return kept
    const fresh = randomBytes(secretBytes)
    if (readOnly) return fresh
    // Another node may be faster: then its secret is the one.
    if (await note.replace(text, `${JSON.stringify({ secret: fresh.toString('hex') })}\n`)) {
      return fresh
    }
  }
}

/** Null for a text that is none of ours: it is replaced, which ends sessions and nothing else. */
function parse(text: string): Uint8Array | null {
  const [, hex] = /^\{"secret":"([0-9a-f]{64})"\}\n$/.exec(text) ?? []
  return hex === undefined ? null : Buffer.from(hex, 'hex')
}
