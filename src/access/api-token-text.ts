import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'

/*
 * The text of an API token: `ldk_`, 12 characters that name it, 43 characters of secret, 6 of a checksum; the
 * characters are letters and digits. With prefix and checksum, programs that look for leaked secrets know one
 * without asking the registry.
 */

const prefix = 'ldk_'
const idLength = 12
/** 43 of 62 characters hold 256 bits. */
const secretLength = 43
const checksumLength = 6

const grammar = new RegExp(`^${prefix}[0-9A-Za-z]{${idLength + secretLength + checksumLength}}$`)
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const utf8 = new TextEncoder()

/** The grammar of an id. */
export const apiTokenId: RegExp = new RegExp(`^[0-9A-Za-z]{${idLength}}$`)

/** Makes the text of a new token. */
export function makeApiTokenText(): string {
  const body = `${prefix}${randomText(idLength + secretLength)}`
  return `${body}${checksumOf(body)}`
}

/** The id of an API token; null for a text that is not one, or has a wrong checksum. */
export function apiTokenIdOf(text: string): string | null {
  if (!text.startsWith(prefix) || !grammar.test(text)) return null
  const body = text.slice(0, -checksumLength)
  if (checksumOf(body) !== text.slice(-checksumLength)) return null
  return text.slice(prefix.length, prefix.length + idLength)
}

/** What is kept of a token: with 256 bits of chance, nobody finds it by trying, so a plain hash is enough. */
export function hashApiToken(text: string): string {
  return bytesToHex(sha256(utf8.encode(text)))
}

/** Whether two hashes are the same, in a time that does not tell where they differ. */
export function areSameHashes(a: string, b: string): boolean {
  let difference = a.length ^ b.length
  for (let at = 0; at < a.length; at++) difference |= a.charCodeAt(at) ^ b.charCodeAt(at)
  return difference === 0
}

/** The first 32 bits of the SHA-256 of the text before it. */
function checksumOf(body: string): string {
  const bytes = sha256(utf8.encode(body))
  let number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
  let text = ''
  for (let digit = 0; digit < checksumLength; digit++) {
    text = alphabet.charAt(number % 62) + text
    number = Math.floor(number / 62)
  }
  return text
}

function randomText(length: number): string {
  let text = ''
  while (text.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length))) {
      // 248 is four times 62: each character is as likely as the others.
      if (byte < 248 && text.length < length) text += alphabet.charAt(byte % 62)
    }
  }
  return text
}
