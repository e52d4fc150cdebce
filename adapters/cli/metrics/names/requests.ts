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
    'Requests that were answered. The code is 499 where the client left before there was an answer.',
  ),
  durations: histogram(
    'registry_http_request_duration_seconds',
    ['handler', 'method'],
    requestSeconds,
    'How long requests took, from their first byte to the last byte of the answer.',
  ),
  inFlight: gauge(
    'registry_http_in_flight_requests',
    ['handler'],
    'Requests that are being answered now.',
  ),
  requestSizes: histogram(
    'registry_http_request_size_bytes',
    ['handler'],
    sizeBounds,
    'How large the bodies of requests were.',
  ),
  responseSizes: histogram(
    'registry_http_response_size_bytes',
    ['handler'],
    sizeBounds,
    'How large the bodies of answers were, as far as they were sent.',
  ),
  aborted: counter(
    'layerdock_http_aborted_requests_total',
    ['handler'],
    'Requests whose client left before it had the whole answer.',
  ),
  errors: counter(
    'layerdock_http_errors_total',
    ['error'],
    'Errors that clients were told of, by the code in the answer.',
  ),
  events: counter(
    'layerdock_events_total',
    ['event'],
    'What clients changed: pushes, mounts, deletions, and what they restored.',
  ),
  received: counter(
    'layerdock_repository_received_bytes_total',
    ['repository'],
    'Bytes that clients sent to a repository. Repositories beyond the limit count as other.',
  ),
  sent: counter(
    'layerdock_repository_sent_bytes_total',
    ['repository'],
    'Bytes that clients got from a repository. Repositories beyond the limit count as other.',
  ),
}
