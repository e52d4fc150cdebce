import { hasDuplicateNames } from './duplicate-names.ts'

/** What a JWT says before anything of it was verified. */
export interface UnverifiedToken {
  readonly header: Readonly<Record<string, unknown>>
  readonly payload: Readonly<Record<string, unknown>>
}

/** The largest tokens of issuers have about 4 KiB, and a request's headers end at 16 KiB. */
const mostCharacters = 16 * 1024
const compact = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]*$/

/**
 * Reads a JWT without verifying it; null where the text is not one. A name that is there twice makes it none:
 * whoever reads the first would see another token than whoever reads the last.
 */
export function readToken(token: string): UnverifiedToken | null {
  if (token.length > mostCharacters) return null
  const [, head, body] = compact.exec(token) ?? []
  if (head === undefined || body === undefined) return null
  const [header, payload] = [objectIn(head), objectIn(body)]
  return header === null || payload === null ? null : { header, payload }
}

function objectIn(base64url: string): Readonly<Record<string, unknown>> | null {
  try {
    const binary = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'))
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0))
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
    return hasDuplicateNames(text) ? null : (value as Record<string, unknown>)
  } catch {
    return null
  }
}
