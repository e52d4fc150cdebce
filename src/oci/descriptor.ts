import type { Digest } from './digest.ts'

/** Annotations: a client's keys and values, as entries, because `__proto__` is a legal key. */
export type Annotations = ReadonlyArray<readonly [key: string, value: string]>

/** What a referrers list says of one manifest (image-spec, descriptor.md; distribution-spec end-12). */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: Digest
  /** In bytes. */
  readonly size: number
  readonly artifactType?: string
  readonly annotations?: Annotations
}
