import { fromBase64, toBase64 } from '../oci/base64.ts'

/*
 * A list that leaves out what the caller may not see has to go on from somewhere, also where the last
 * name it looked at must not be told. Such a cursor is encrypted.
 */

const mark = '~'
/** Stands in no name. */
const filler = '\0'
const ivBytes = 12
const secretBytes = 32
/** No name is longer; each is as long as that where it is sealed, so that its length is not told either. */
const paddedBytes = 256

/** Makes cursors that stand for a name and do not tell it, and opens them. */
export interface SealedCursors {
  /** The cursor of a name. No repository name begins as it does. */
  seal(name: string): Promise<string>
  /** The name a cursor stands for; null when it was not sealed with this secret. */
  open(text: string): Promise<string | null>
}

/** Whether a `last` is a sealed cursor rather than a name. */
export function isSealed(text: string): boolean {
  return text.startsWith(mark)
}

/**
 * The secret of this process, where none is given. Made when it is first needed: not every runtime has
 * random bytes before its first request.
 */
let ownSecret: Uint8Array<ArrayBuffer> | null = null

/**
 * Cursors that open wherever the same secret is.
 *
 * @param given 32 random bytes; by default bytes of this process, so that no other process opens its cursors
 * @throws TypeError when the secret is of another length.
 */
export function sealedCursors(given?: Uint8Array): SealedCursors {
  if (given !== undefined && given.byteLength !== secretBytes) {
    throw new TypeError(`cursorSecret is ${given.byteLength} bytes, not ${secretBytes}`)
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
    async seal(name) {
      const iv = crypto.getRandomValues(new Uint8Array(ivBytes))
      const text = new TextEncoder().encode(name.padEnd(paddedBytes, filler))
      const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, await keyOf(), text)
      return mark + toBase64(new Uint8Array([...iv, ...new Uint8Array(sealed)]))
    },

    async open(text) {
      try {
        const bytes = fromBase64(text.slice(mark.length))
        const algorithm = { name: 'AES-GCM', iv: bytes.subarray(0, ivBytes) }
        const sealed = bytes.subarray(ivBytes)
        const opened = await crypto.subtle.decrypt(algorithm, await keyOf(), sealed)
        return new TextDecoder().decode(opened).replace(/\0+$/, '')
      } catch {
        return null
      }
    },
  }
}
