import type { RawManifest } from './artifact-data.ts'
import { indentJson } from './indent-json.ts'

/** Bytes of a manifest that are shown. The whole is at its own address. */
const mostBytes = 256 * 1024
/** Characters of the same with line breaks and indents. */
const mostIndented = 512 * 1024

/** The text of a manifest. Bytes that are not UTF-8 are replacement characters. */
export function rawManifest(bytes: Uint8Array): RawManifest {
  const isCut = bytes.byteLength > mostBytes
  const text = new TextDecoder().decode(bytes.subarray(0, mostBytes))
  return { text, isCut, indented: isCut ? null : indentJson(text, mostIndented) }
}
