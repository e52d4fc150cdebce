const digits = new TextEncoder().encode('0123456789abcdef')
const ascii = new TextDecoder('latin1')

/** The value of a digit by its character code. */
const values = new Uint8Array(103)
for (const [value, code] of digits.entries()) values[code] = value

/** Bytes as lowercase hex. */
export function toHex(bytes: Uint8Array): string {
  const text = new Uint8Array(bytes.length * 2)
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number
    text[2 * at] = digits[byte >> 4] as number
    text[2 * at + 1] = digits[byte & 15] as number
  }
  return ascii.decode(text)
}

/** The bytes of lowercase hex that begins at `from`. */
export function fromHex(text: string, from = 0): Uint8Array {
  const bytes = new Uint8Array((text.length - from) / 2)
  for (let at = 0; at < bytes.length; at += 1) {
    const high = values[text.charCodeAt(from + 2 * at)] as number
    bytes[at] = (high << 4) | (values[text.charCodeAt(from + 2 * at + 1)] as number)
  }
  return bytes
}

/** Characters that one call takes as arguments. */
const atOnce = 0x4000

/** Bytes in base64, also where they are many. */
export function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (let at = 0; at < bytes.length; at += atOnce) {
    binary += String.fromCharCode(...bytes.subarray(at, at + atOnce))
  }
  return btoa(binary)
}

/** @throws DOMException when the text is not base64 */
export function fromBase64(text: string): Uint8Array {
  const binary = atob(text)
  const bytes = new Uint8Array(binary.length)
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = binary.charCodeAt(at)
  return bytes
}
