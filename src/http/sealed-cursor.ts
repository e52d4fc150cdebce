import { fromBase64, toBase64 } from '../oci/base64.ts'

/*
 * A list that leaves out what the caller may not see has to go on from somewhere, also where the last
 * name it looked at must not be told. Such a cursor is encrypted.
 */

const mark = '~'
const ivBytes = 12

/**
 * Made when it is first needed. A cursor of another process does not open. The bytes are made at once and
 * the key for each request until one has it: on workerd, no request may wait for another's promise.
 */
let secret: Uint8Array<ArrayBuffer> | null = null
let key: CryptoKey | null = null

/** A cursor that stands for a name and does not tell it. No repository name begins as it does. */
export async function sealCursor(name: string): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(ivBytes))
  const text = new TextEncoder().encode(name)
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, await keyOf(), text)
  return mark + toBase64(new Uint8Array([...iv, ...new Uint8Array(sealed)]))
}

/** Whether a `last` is a sealed cursor rather than a name. */
export function isSealed(text: string): boolean {
  return text.startsWith(mark)
}

/** The name a cursor stands for; null when it was not sealed by this process. */
export async function openCursor(text: string): Promise<string | null> {
  try {
    const bytes = fromBase64(text.slice(mark.length))
    const algorithm = { name: 'AES-GCM', iv: bytes.subarray(0, ivBytes) }
    const opened = await crypto.subtle.decrypt(algorithm, await keyOf(), bytes.subarray(ivBytes))
    return new TextDecoder().decode(opened)
  } catch {
    return null
  }
}

async function keyOf(): Promise<CryptoKey> {
  secret ??= crypto.getRandomValues(new Uint8Array(32))
  key ??= await crypto.subtle.importKey('raw', secret, 'AES-GCM', false, ['encrypt', 'decrypt'])
  return key
}
