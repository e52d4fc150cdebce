/** Signature algorithms of public keys. A shared secret would let each holder of it make tokens. */
export const signatureAlgorithms: readonly string[] = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
]

/** Those that are accepted where an issuer names none. */
export const defaultAlgorithms: readonly string[] = ['RS256', 'ES256', 'EdDSA']
