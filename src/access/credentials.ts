/** The credentials of an `Authorization` header. */
export type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly user: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string }
  /** A scheme that is not known, or one that cannot be read. */
  | { readonly kind: 'malformed' }

/** A header of no more than this is looked at; the largest tokens of OIDC issuers have about 4 KiB. */
const mostCharacters = 32 * 1024

/** Classifies the text of an `Authorization` header (RFC 9110, 11.4; RFC 7617; RFC 6750). */
export function classifyCredentials(header: string | null): Credentials {
  if (header === null || header === '') return { kind: 'none' }
  if (header.length > mostCharacters) return malformed
  const space = header.indexOf(' ')
  if (space === -1) return malformed
  const value = header.slice(space + 1).trim()
  switch (header.slice(0, space).toLowerCase()) {
    case 'bearer':
      return /^[A-Za-z0-9._~+/-]+=*$/.test(value) ? { kind: 'bearer', token: value } : malformed
    case 'basic':
      return basic(value)
    default:
      return malformed
  }
}

const malformed: Credentials = { kind: 'malformed' }

function basic(value: string): Credentials {
  const text = decoded(value)
  const colon = text?.indexOf(':') ?? -1
  if (text === null || colon === -1) return malformed
  const [user, password] = [text.slice(0, colon), text.slice(colon + 1)]
  // Clients without credentials send an empty user and password.
  if (user === '' && password === '') return { kind: 'none' }
  return { kind: 'basic', user, password }
}

function decoded(value: string): string | null {
  try {
    const bytes = Uint8Array.from(atob(value), (character) => character.charCodeAt(0))
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}
