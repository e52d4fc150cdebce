import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'

/**
 * Something that is not as it should be:
 *
 * - `missing`: the bytes are not there, or of another length.
 * - `damaged`: the bytes are not those of the digest, as two readings say.
 * - `unreadable`: reading the bytes failed, twice.
 * - `record`: the bytes of a manifest are right, and what is recorded of it is not what they say.
 */
export type VerifyProblemKind = 'missing' | 'damaged' | 'unreadable' | 'record'

/** One digest that is not as it should be. */
export interface VerifyProblem {
  readonly kind: VerifyProblemKind
  readonly what: 'blob' | 'manifest'
  readonly digest: Digest
  /** In bytes. */
  readonly size: number
  /** The store's own name for the bytes. */
  readonly key: string
  /** Some repositories that have it. */
  readonly repositories: readonly RepositoryName[]
  /** Some tags of the manifest in the first of them. */
  readonly tags: readonly string[]
  /** What else is known of it, for a person. */
  readonly detail: string
  /** Whether it was known to be missing before. */
  readonly known: boolean
  /** Whether it is noted as missing now, so that no client is told that it is there, and a push heals it. */
  readonly marked: boolean
  /** Where the damaged bytes are kept aside; null where they are not. */
  readonly quarantined: string | null
  /** Where whole bytes came from that took its place; null where it is still wrong. */
  readonly repairedFrom: string | null
}

/** What is looked at, in this order: manifests with their records, all bytes by digest, and bytes without a name. */
export type VerifyPhase = 'manifests' | 'bytes' | 'names'

/** How far a pass is. All counts are since its beginning, also where it was stopped in between. */
export interface VerifyProgress {
  readonly phase: VerifyPhase
  /** Manifests whose bytes were compared with their records, in each repository. */
  readonly manifests: number
  /** Digests whose bytes were looked at, each once. */
  readonly digests: number
  /** The bytes of these that were read, in bytes. */
  readonly bytes: number
  /** How many {@link VerifyProblem}s and damaged files of the store's own there were, repaired ones included. */
  readonly problems: number
  /** Those of them that were repaired. */
  readonly repaired: number
  /** Digests that were read wrong once, and right the second time. */
  readonly passing: number
  /** Keys that no name points at, and that are old enough to be swept. */
  readonly unnamed: number
  /** Their size together, in bytes. */
  readonly unnamedBytes: number
  /** What there was of digests and their bytes when the pass began. */
  readonly total: { readonly digests: number; readonly bytes: number }
}

/** Where a pass goes on: what is before it was looked at. JSON. */
export interface VerifyState {
  /** When the pass began, in milliseconds since the epoch. */
  readonly startedAt: number
  readonly phase: VerifyPhase
  /** The repository under way, in the phase of manifests; empty at its beginning. */
  readonly repository: string
  /** The last digest or key that was looked at; empty at the beginning. */
  readonly after: string
  readonly progress: VerifyProgress
}

/** What a pass found. */
export interface VerifyReport extends VerifyProgress {
  /** Whether nothing is wrong in the end. */
  readonly sound: boolean
}

/** A count of each kind, to begin with. */
export function noProgress(): VerifyProgress {
  return {
    phase: 'manifests',
    manifests: 0,
    digests: 0,
    bytes: 0,
    problems: 0,
    repaired: 0,
    passing: 0,
    unnamed: 0,
    unnamedBytes: 0,
    total: { digests: 0, bytes: 0 },
  }
}
