/** Who a registry is told that we are. */
export type RegistryCredentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** A token that a token server gives others for (docker's `identitytoken`). */
  | { readonly kind: 'refresh'; readonly token: string }

/** The header of a user and a password (RFC 7617). */
export function basicHeader(username: string, password: string): string {
  const bytes = new TextEncoder().encode(`${username}:${password}`)
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return `Basic ${btoa(binary)}`
}

/** Docker Hub's registry and the server that gives tokens for it, which are one service. */
const dockerHub = { registry: 'https://registry-1.docker.io', realm: 'https://auth.docker.io' }

/**
 * What may be sent to a token server that a registry names. Anyone who can answer for the registry chooses that
 * name, so credentials go to the registry's own origin alone, and to those that the user allows.
 *
 * `anonymous`: it may be asked, without credentials. `nothing`: not even that, since an answer of a machine
 * nearby would be sent on to the registry.
 */
export function trustIn(
  realm: URL,
  registry: URL,
  allowed: readonly string[],
): 'credentials' | 'anonymous' | 'nothing' {
  const { origin } = realm
  if (origin === registry.origin || allowed.includes(origin)) return 'credentials'
  if (registry.origin === dockerHub.registry && origin === dockerHub.realm) return 'credentials'
  const isName = /[a-z]/i.test(realm.hostname) && !realm.hostname.includes(':')
  const isPublic =
    isName &&
    realm.hostname.includes('.') &&
    !/(?:^|\.)(?:localhost|local|internal)\.?$/i.test(realm.hostname)
  return realm.protocol === 'https:' && isPublic ? 'anonymous' : 'nothing'
}
