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
    'Garbage collections: complete, or incomplete if one failed or was stopped.',
  ),
  collectionSeconds: counter(
    'layerdock_collection_seconds_total',
    [],
    'Total time of collections.',
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
    'Time of the last complete collection, in seconds since 1970. Absent before the first.',
  ),
  sweptBlobs: counter(
    'layerdock_swept_blobs_total',
    [],
    'Blobs without a name that sweeps deleted. Crashes leave them.',
  ),
  sweptBytes: counter('layerdock_swept_bytes_total', [], 'Bytes of these blobs.'),
  retentionRuns: counter(
    'layerdock_retention_runs_total',
    ['result'],
    'Retention runs: complete, or failed.',
  ),
  retained: counter(
    'layerdock_retention_deleted_total',
    ['what'],
    'Tags, manifests and repositories that retention deleted.',
  ),
  lastRetention: gauge(
    'layerdock_last_retention_timestamp_seconds',
    [],
    'Time of the last complete retention run, in seconds since 1970. Absent before the first.',
  ),
  passes: counter(
    'layerdock_verify_passes_total',
    ['result'],
    'Verifications of all content: sound, or unsound if problems remain.',
  ),
  verifiedBytes: counter(
    'layerdock_verify_bytes_total',
    [],
    'Bytes read by complete verifications.',
  ),
  problems: counter(
    'layerdock_verify_problems_total',
    ['kind'],
    'Problems that verifications found.',
  ),
  repaired: counter('layerdock_verify_repaired_total', [], 'Problems that verifications repaired.'),
  lastPass: gauge(
    'layerdock_last_verify_timestamp_seconds',
    [],
    'Time of the last complete verification, in seconds since 1970. Absent before the first.',
  ),
  failures: counter(
    'layerdock_failures_total',
    ['kind'],
    'Failures that no client caused, by the kind of notice in the log.',
  ),
  taskFailures: counter('layerdock_background_failures_total', ['task'], 'Failed background work.'),
  bytesMissing: counter(
    'layerdock_bytes_found_missing_total',
    [],
    'Times that bytes were found missing or damaged.',
  ),
}
