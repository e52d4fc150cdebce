import { join } from 'node:path'
import type { DigestAlgorithm, UploadId } from '../../src/index.ts'
import type { BlobKey } from './blob-key.ts'
import type { SegmentName } from './segments/segment-key.ts'

/** The algorithms that have a folder of their own, in the order of their keys. */
export const blobAlgorithms: readonly DigestAlgorithm[] = ['sha256', 'sha512']

/**
 * Every path of a store. Nothing from outside becomes a path except as a {@link BlobKey}, a
 * {@link SegmentName} or an {@link UploadId}, whose grammars allow no path but the one meant.
 */
export interface Layout {
  readonly root: string
  /** What says that the folder is a store, and of which format. */
  readonly marker: string
  readonly lock: string
  /** Says which file it is itself, so that a copy of the folder is known as one. */
  readonly origin: string
  /** The newest snapshot of the names. */
  readonly snapshot: string
  /** The snapshot before it. */
  readonly previousSnapshot: string
  /** How much of the newest journal is durable. */
  readonly seal: string
  /** Space kept back, so that a full disk can still delete. */
  readonly reserve: string
  readonly blobs: string
  readonly segments: string
  readonly uploads: string
  readonly quarantine: string
  journal(generation: number): string
  blobFolder(algorithm: DigestAlgorithm): string
  blob(key: BlobKey): string
  /** A file of small blobs. */
  segment(name: SegmentName): string
  /** Which of them were deleted. */
  deadRecords(name: SegmentName): string
  /** The bytes of an upload. */
  staged(id: UploadId): string
  /** The states of upload sessions. */
  sessions(number: number): string
  /** The state of an upload's session, in formats 1 and 2. */
  session(id: UploadId): string
  quarantined(name: string): string
}

/** The layout of a store in `root`, an absolute path. */
export function layoutOf(root: string): Layout {
  const uploads = join(root, 'uploads')
  const quarantine = join(root, 'quarantine')
  const segments = join(root, 'segments')
  return {
    root,
    marker: join(root, 'store.json'),
    lock: join(root, 'lock'),
    origin: join(root, 'origin'),
    snapshot: join(root, 'metadata.json'),
    previousSnapshot: join(root, 'metadata.previous.json'),
    seal: join(root, 'journal.seal'),
    reserve: join(root, 'reserve'),
    blobs: join(root, 'blobs'),
    segments,
    uploads,
    quarantine,
    journal: (generation) => join(root, `journal.${generation}`),
    blobFolder: (algorithm) => join(root, 'blobs', algorithm),
    blob: (key) => join(root, key),
    segment: (name) => join(segments, name),
    deadRecords: (name) => join(segments, `${name}.dead`),
    staged: (id) => join(uploads, id),
    sessions: (number) => join(uploads, `sessions.${number}`),
    session: (id) => join(uploads, `${id}.json`),
    quarantined: (name) => join(quarantine, name),
  }
}

/** The generation a file name says it is the journal of; null for other names. */
export function journalGeneration(name: string): number | null {
  const match = /^journal\.(0|[1-9][0-9]{0,14})$/.exec(name)
  return match === null ? null : Number(match[1])
}
