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
    'Lookups in all caches together.',
  ),
  cacheHits: counter('registry_storage_cache_hits_total', [], 'Lookups that found the content.'),
  cacheRequestsOf: counter(
    'layerdock_cache_requests_total',
    ['cache'],
    'Lookups of manifests and small blobs in memory.',
  ),
  cacheHitsOf: counter('layerdock_cache_hits_total', ['cache'], 'Lookups that found the content.'),
  cacheBytes: gauge('layerdock_cache_bytes', ['cache'], 'Memory that a cache uses.'),
  actions: histogram(
    'registry_storage_action_seconds',
    ['driver', 'action'],
    durationBounds,
    'Time of operations of the blob store, without reads from a cache.',
  ),
  repositories: gauge('layerdock_repositories', [], 'Number of repositories.'),
  digests: gauge('layerdock_blobs', [], 'Blobs and manifests in repositories, each digest once.'),
  condemned: gauge(
    'layerdock_condemned_blobs',
    [],
    'Blobs without a name whose bytes are not deleted yet.',
  ),
  missing: gauge(
    'layerdock_missing_blobs',
    [],
    'Blobs and manifests with missing or damaged bytes. A push repairs them.',
  ),
  trash: gauge('layerdock_trash_entries', [], 'Deleted entries that can be restored.'),
  journalBytes: gauge(
    'layerdock_journal_bytes',
    [],
    'Size of the journals of names since the last snapshot. A start reads them.',
  ),
  snapshotBytes: gauge('layerdock_snapshot_bytes', [], 'Size of the last snapshot of names.'),
  pending: gauge('layerdock_pending_changes', [], 'Changes of names that are not yet durable.'),
  syncs: histogram(
    'layerdock_journal_sync_seconds',
    [],
    durationBounds,
    'Time the disk takes to make changes of names durable. Each change waits for it.',
  ),
  snapshots: histogram(
    'layerdock_snapshot_seconds',
    [],
    longBounds,
    'Time to write a snapshot of names in the background.',
  ),
  failedSnapshots: counter(
    'layerdock_failed_snapshots_total',
    [],
    'Failed snapshots of names. The journal grows until one succeeds.',
  ),
  segments: gauge('layerdock_segments', [], 'Segments: files that many small blobs share.'),
  segmentBytes: gauge('layerdock_segment_bytes', [], 'Size of all segments.'),
  deadBytes: gauge(
    'layerdock_segment_dead_bytes',
    [],
    'Deleted bytes in segments. Compaction frees them.',
  ),
  compacted: counter(
    'layerdock_compaction_freed_bytes_total',
    [],
    'Bytes that compaction of segments freed.',
  ),
  condition: gauge(
    'layerdock_store_condition',
    ['part', 'state'],
    'Whether a part of the store (metadata, blobs, uploads) is in a state: 1 for the current state, otherwise 0.',
  ),
}

/** Upload sessions. */
export const uploadNames: Names<'open' | 'staged' | 'expired'> = {
  open: gauge('layerdock_uploads_open', [], 'Open upload sessions.'),
  staged: gauge('layerdock_uploads_staged_bytes', [], 'Bytes that unfinished uploads hold.'),
  expired: counter(
    'layerdock_uploads_expired_total',
    [],
    'Upload sessions that expired because their client did not continue.',
  ),
}
