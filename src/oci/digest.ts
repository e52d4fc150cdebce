declare const digestBrand: unique symbol

/**
 * A content digest that was checked: a supported algorithm, a colon, and lowercase hex of the right
 * length. Only {@link parseDigest} makes one, so a path built from it cannot leave its folder.
 */
export type Digest = string & { readonly [digestBrand]: true }

/** The algorithms this registry verifies. */
export type DigestAlgorithm = 'sha256' | 'sha512'

const encodedForm: Readonly<Record<DigestAlgorithm, RegExp>> = {
  sha256: /^[a-f0-9]{64}$/,
  sha512: /^[a-f0-9]{128}$/,
}

const plainSha256 = /^sha256:[a-f0-9]{64}$/

const digestGrammar = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/

/** Longer strings are not digests: bounds the work of the grammar. In characters. */
export const longestDigest = 512

/** What a client's string is, as a digest. */
export type ClassifiedDigest =
  | { readonly kind: 'supported'; readonly digest: Digest }
  /** Well formed, of an algorithm this registry cannot verify. */
  | { readonly kind: 'unsupported' }
  | { readonly kind: 'malformed' }

const unsupported: ClassifiedDigest = { kind: 'unsupported' }
const malformed: ClassifiedDigest = { kind: 'malformed' }

/** Whether `name` is an algorithm this registry verifies. */
export function isDigestAlgorithm(name: string): name is DigestAlgorithm {
  return name === 'sha256' || name === 'sha512'
}

/** Tells supported, unsupported and malformed digests apart (image-spec, descriptor.md, "Digests"). */
export function classifyDigest(text: string): ClassifiedDigest {
  if (text.length > longestDigest || !digestGrammar.test(text)) return malformed
  const colon = text.indexOf(':')
  const algorithm = text.slice(0, colon)
  if (!isDigestAlgorithm(algorithm)) return unsupported
  if (!encodedForm[algorithm].test(text.slice(colon + 1))) return malformed
  return { kind: 'supported', digest: text as Digest }
}

/** The digest `text` spells, or null when it is malformed or of an unsupported algorithm. */
export function parseDigest(text: string): Digest | null {
  // Nearly every digest is this one, and it says in one step what the grammar takes three for.
  if (plainSha256.test(text)) return text as Digest
  const reading = classifyDigest(text)
  return reading.kind === 'supported' ? reading.digest : null
}

/** Joins an algorithm and the hex a hash produced. */
export function digestOf(algorithm: DigestAlgorithm, hex: string): Digest {
  return `${algorithm}:${hex}` as Digest
}

/** The part of a digest before the colon. */
export function algorithmOf(digest: Digest): DigestAlgorithm {
  return digest.startsWith('sha256:') ? 'sha256' : 'sha512'
}

/** The hex part of a digest, after the colon. */
export function encodedOf(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1)
}
