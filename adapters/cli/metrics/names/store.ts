import { counter, durationBounds, gauge, histogram, longBounds, type Names } from './metric-name.ts'

/** Stores. The names that begin with `registry_` are distribution's. */
export const storeNames: Names<
  | 'cacheRequests'
  | 'cacheHits'
  | 'cacheRequestsOf'
  | 'cacheHitsOf'
  | 'cacheBytes'
  | 'actions'
  | 'repositories'
  | 'digests'
  | 'condemned'
  | 'missing'
  | 'trash'
  | 'journalBytes'
  | 'snapshotBytes'
  | 'pending'
  | 'syncs'
  | 'snapshots'
  | 'failedSnapshots'
  | 'segments'
  | 'segmentBytes'
  | 'deadBytes'
  | 'compacted'
  | 'condition'
> = {
  cacheRequests: counter(
    'registry_storage_cache_requests_total',
    [],
    'How often something was looked for in a cache, in all caches together.',
  ),
  cacheHits: counter('registry_storage_cache_hits_total', [], 'How often it was there.'),
  cacheRequestsOf: counter(
    'layerdock_cache_requests_total',
    ['cache'],
    'How often a manifest, or a small blob, was looked for in memory.',
  ),
  cacheHitsOf: counter('layerdock_cache_hits_total', ['cache'], 'How often it was there.'),
  cacheBytes: gauge('layerdock_cache_bytes', ['cache'], 'Memory that a cache takes.'),
  actions: histogram(
    'registry_storage_action_seconds',
    ['driver', 'action'],
    durationBounds,
    'How long the store of blobs took, by what it did. Reads from a cache are not in it.',
  ),
  repositories: gauge('layerdock_repositories', [], 'Repositories that there are.'),
  digests: gauge(
    'layerdock_blobs',
    [],
    'Blobs and manifests that a repository has, each digest once.',
  ),
  condemned: gauge(
    'layerdock_condemned_blobs',
    [],
    'Blobs that nothing names any more and whose bytes are still to be deleted.',
  ),
  missing: gauge(
    'layerdock_missing_blobs',
    [],
    'Blobs and manifests whose bytes are known to be missing or damaged. A push heals them.',
  ),
  trash: gauge('layerdock_trash_entries', [], 'What was deleted and can be restored.'),
  journalBytes: gauge(
    'layerdock_journal_bytes',
    [],
    'Size of the journals of names since the last snapshot: what a start has to read.',
  ),
  snapshotBytes: gauge('layerdock_snapshot_bytes', [], 'Size of the last snapshot of names.'),
  pending: gauge('layerdock_pending_changes', [], 'Changes of names that are not yet durable.'),
  syncs: histogram(
    'layerdock_journal_sync_seconds',
    [],
    durationBounds,
    'How long the disk took to make changes of names durable. Each change waits for it.',
  ),
  snapshots: histogram(
    'layerdock_snapshot_seconds',
    [],
    longBounds,
    'How long it took to write snapshots of names, beside the requests.',
  ),
  failedSnapshots: counter(
    'layerdock_failed_snapshots_total',
    [],
    'Snapshots of names that could not be written. The journal grows until one can.',
  ),
  segments: gauge('layerdock_segments', [], 'Files that many small blobs share.'),
  segmentBytes: gauge('layerdock_segment_bytes', [], 'Size of these files.'),
  deadBytes: gauge(
    'layerdock_segment_dead_bytes',
    [],
    'Bytes in these files that were deleted. Compaction gives them back.',
  ),
  compacted: counter(
    'layerdock_compaction_freed_bytes_total',
    [],
    'Bytes that compaction of these files gave back.',
  ),
  condition: gauge(
    'layerdock_store_condition',
    ['part', 'state'],
    'Whether a part of the store (metadata, blobs, uploads) is in a state: 1 for the one that it is in.',
  ),
}

/** Upload sessions. */
export const uploadNames: Names<'open' | 'staged' | 'expired'> = {
  open: gauge('layerdock_uploads_open', [], 'Upload sessions that are open.'),
  staged: gauge('layerdock_uploads_staged_bytes', [], 'Bytes that unfinished uploads hold.'),
  expired: counter(
    'layerdock_uploads_expired_total',
    [],
    'Upload sessions that were ended because their client did not go on.',
  ),
}
