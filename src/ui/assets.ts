import { script } from './script.ts'
import { style } from './style.ts'

/** The sheet and the script, by what they contain. */
export interface Assets {
  /** In the sheet's name, so that it can be kept for good. */
  readonly styleHash: string
  /** As a content security policy has it. */
  readonly scriptHash: string
}

/**
 * Hashes sheet and script once. Within a request: some runtimes hash nothing before. What is kept is no promise, since
 * on workerd no request may wait for another's.
 */
export function assetsOnce(): () => Promise<Assets> {
  let made: Assets | null = null
  return async () => {
    made ??= await hashBoth()
    return made
  }
}

async function hashBoth(): Promise<Assets> {
  const [ofStyle, ofScript] = await Promise.all([sha256(style), sha256(script)])
  const hex = Array.from(ofStyle.subarray(0, 6), (byte) => byte.toString(16).padStart(2, '0'))
  return {
    styleHash: hex.join(''),
    scriptHash: `sha256-${btoa(String.fromCharCode(...ofScript))}`,
  }
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
}
