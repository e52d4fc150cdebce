/** The hex digits among the characters of ASCII: a start checks so many digests that a pattern is slow. */
const hexDigits: Uint8Array = Uint8Array.from({ length: 128 }, (_, code) =>
  '0123456789abcdef'.includes(String.fromCharCode(code)) ? 1 : 0,
)

/** Whether a digest of sha256 stands at `start`, whatever comes after it. */
export function isSha256At(text: string, start: number): boolean {
  if (!text.startsWith('sha256:', start)) return false
  let all = 1
  for (let at = start + 7; at < start + 71; at += 1) all &= hexDigits[text.charCodeAt(at)] ?? 0
  return all === 1
}
