import { counter, gauge, histogram, type Names, requestSeconds, sizeBounds } from './metric-name.ts'

/** Requests. The names that begin with `registry_` are distribution's, and mean the same. */
export const requestNames: Names<
  | 'requests'
  | 'durations'
  | 'inFlight'
  | 'requestSizes'
  | 'responseSizes'
  | 'aborted'
  | 'errors'
  | 'events'
  | 'received'
  | 'sent'
> = {
  requests: counter(
    'registry_http_requests_total',
    ['handler', 'method', 'code'],
    'Answered requests. The code is 499 if the client disconnected before the answer began.',
  ),
  durations: histogram(
    'registry_http_request_duration_seconds',
    ['handler', 'method'],
    requestSeconds,
    'Time from the first byte of a request to the last byte of its answer.',
  ),
  inFlight: gauge('registry_http_in_flight_requests', ['handler'], 'Requests in progress.'),
  requestSizes: histogram(
    'registry_http_request_size_bytes',
    ['handler'],
    sizeBounds,
    'Size of request bodies.',
  ),
  responseSizes: histogram(
    'registry_http_response_size_bytes',
    ['handler'],
    sizeBounds,
    'Size of response bodies, as far as they were sent.',
  ),
  aborted: counter(
    'layerdock_http_aborted_requests_total',
    ['handler'],
    'Requests whose client disconnected before the answer was complete.',
  ),
  errors: counter(
    'layerdock_http_errors_total',
    ['error'],
    'Errors in answers to clients, by their code.',
  ),
  events: counter(
    'layerdock_events_total',
    ['event'],
    'Changes by clients: pushes, mounts, deletions and restores.',
  ),
  received: counter(
    'layerdock_repository_received_bytes_total',
    ['repository'],
    'Bytes that clients sent to a repository. Repositories beyond the limit count as other.',
  ),
  sent: counter(
    'layerdock_repository_sent_bytes_total',
    ['repository'],
    'Bytes that clients received from a repository. Repositories beyond the limit count as other.',
  ),
}
