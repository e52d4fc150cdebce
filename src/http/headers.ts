/**
 * Stands on every answer; Docker's client looks for it. It is spread last: where properties follow a
 * spread, Node 20 takes 2 to 3 µs for the object, in place of 0.1 µs.
 */
export const apiVersion = {
  'Docker-Distribution-API-Version': 'registry/2.0',
  'X-Content-Type-Options': 'nosniff',
} as const

/**
 * Content that a digest names never changes; a tag may move any time. Neither may be transformed:
 * compressed on the way, it would no longer have the length and the digest it is announced with.
 */
export const cacheControl = {
  immutable: 'max-age=31536000, immutable, no-transform',
  privateImmutable: 'private, max-age=31536000, immutable, no-transform',
  revalidate: 'no-cache, no-transform',
  privateRevalidate: 'private, no-cache, no-transform',
  list: 'no-cache',
  privateList: 'private, no-cache',
} as const
