import { counter, gauge, type Names } from './metric-name.ts'

/** What is done beside the requests, and what goes wrong. */
export const maintenanceNames: Names<
  | 'collections'
  | 'collectionSeconds'
  | 'freedBlobs'
  | 'freedBytes'
  | 'droppedRepositories'
  | 'lastCollection'
  | 'sweptBlobs'
  | 'sweptBytes'
  | 'retentionRuns'
  | 'retained'
  | 'lastRetention'
  | 'passes'
  | 'verifiedBytes'
  | 'problems'
  | 'repaired'
  | 'lastPass'
  | 'failures'
  | 'taskFailures'
  | 'bytesMissing'
> = {
  collections: counter(
    'layerdock_collections_total',
    ['result'],
    'Collections of garbage: complete, or incomplete where one failed or was stopped.',
  ),
  collectionSeconds: counter(
    'layerdock_collection_seconds_total',
    [],
    'How long collections took, together.',
  ),
  freedBlobs: counter(
    'layerdock_collection_freed_blobs_total',
    [],
    'Blobs whose bytes collections deleted.',
  ),
  freedBytes: counter(
    'layerdock_collection_freed_bytes_total',
    [],
    'Bytes that collections deleted.',
  ),
  droppedRepositories: counter(
    'layerdock_collection_dropped_repositories_total',
    [],
    'Empty repositories that collections dropped.',
  ),
  lastCollection: gauge(
    'layerdock_last_collection_timestamp_seconds',
    [],
    'When a collection was complete, in seconds since 1970. Absent before the first.',
  ),
  sweptBlobs: counter(
    'layerdock_swept_blobs_total',
    [],
    'Blobs without a name that a sweep deleted: what crashes leave.',
  ),
  sweptBytes: counter('layerdock_swept_bytes_total', [], 'Bytes of these blobs.'),
  retentionRuns: counter(
    'layerdock_retention_runs_total',
    ['result'],
    'Runs of retention: complete, or failed.',
  ),
  retained: counter(
    'layerdock_retention_deleted_total',
    ['what'],
    'What retention deleted: tags, manifests, repositories.',
  ),
  lastRetention: gauge(
    'layerdock_last_retention_timestamp_seconds',
    [],
    'When a run of retention was complete, in seconds since 1970. Absent before the first.',
  ),
  passes: counter(
    'layerdock_verify_passes_total',
    ['result'],
    'Verifications of everything that is stored: sound, or unsound where something is wrong in the end.',
  ),
  verifiedBytes: counter(
    'layerdock_verify_bytes_total',
    [],
    'Bytes that complete verifications read.',
  ),
  problems: counter(
    'layerdock_verify_problems_total',
    ['kind'],
    'What verifications found that is not as it should be.',
  ),
  repaired: counter(
    'layerdock_verify_repaired_total',
    [],
    'What of that they put right by themselves.',
  ),
  lastPass: gauge(
    'layerdock_last_verify_timestamp_seconds',
    [],
    'When a verification was complete, in seconds since 1970. Absent before the first.',
  ),
  failures: counter(
    'layerdock_failures_total',
    ['kind'],
    'What went wrong by no fault of a client, by the kind of notice in the log.',
  ),
  taskFailures: counter(
    'layerdock_background_failures_total',
    ['task'],
    'Work beside the requests that failed.',
  ),
  bytesMissing: counter(
    'layerdock_bytes_found_missing_total',
    [],
    'How often bytes were found to be missing or damaged.',
  ),
}
