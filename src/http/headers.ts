/** Stands on every answer; Docker's client looks for it. */
export const apiVersion = {
  'Docker-Distribution-API-Version': 'registry/2.0',
  'X-Content-Type-Options': 'nosniff',
} as const

/** What a digest names never changes; a tag may move any time. */
export const cacheControl = {
  immutable: 'max-age=31536000, immutable',
  privateImmutable: 'private, max-age=31536000, immutable',
  revalidate: 'no-cache',
  privateRevalidate: 'private, no-cache',
} as const
