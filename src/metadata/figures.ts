import type { MetadataFigures } from '../ports/figures.ts'
import type { Compaction, CompactionDeps } from './compaction.ts'
import type { State } from './state.ts'

/** What is counted of names anyway. */
export function figuresOf({ repositories, holdings, trash }: State): MetadataFigures {
  return {
    repositories: repositories.size,
    digests: holdings.size,
    condemned: holdings.condemned.size,
    missing: holdings.missing.size,
    trash: trash.size,
  }
}

/** The same of names with a journal. */
export function journalledFigures(
  { state, writer, commit }: CompactionDeps,
  { journalBytes: bytes, snapshotBytes, snapshots, failedSnapshots }: Compaction,
): MetadataFigures {
  const { pending } = commit
  const journal = { bytes, snapshotBytes, pending, syncs: writer.syncs, snapshots, failedSnapshots }
  return { ...figuresOf(state), journal }
}
