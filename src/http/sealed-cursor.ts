import { fromBase64, toBase64 } from '../oci/base64.ts'
import { secretSeal } from './secret-seal.ts'

/*
 * A list that leaves out what the caller may not see has to go on from somewhere, also where the last
 * name it looked at must not be told. Such a cursor is encrypted.
 */

const mark = '~'
/** Stands in no name. */
const filler = '\0'
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
 * Cursors that open wherever the same secret is.
 *
 * @param given 32 random bytes; by default bytes of this process, so that no other process opens its cursors
 * @throws TypeError when the secret is of another length.
 */
export function sealedCursors(given?: Uint8Array): SealedCursors {
  const cursors = secretSeal('cursorSecret', given, 'layerdock cursor 1')
  return {
    async seal(name) {
      const text = new TextEncoder().encode(name.padEnd(paddedBytes, filler))
      return mark + toBase64(await cursors.seal(text))
    },

    async open(text) {
      try {
        const opened = await cursors.open(fromBase64(text.slice(mark.length)))
        return new TextDecoder().decode(opened).replace(/\0+$/, '')
      } catch {
        return null
      }
    },
  }
}
