import { counter, durationBounds, histogram, type Names } from './metric-name.ts'

/** Calls of a database, where names are in one. */
export const sqlNames: Names<'calls' | 'errors' | 'statements' | 'repeats'> = {
  calls: histogram(
    'layerdock_sql_call_seconds',
    ['operation'],
    durationBounds,
    'Time of database operations, with their repeats.',
  ),
  errors: counter('layerdock_sql_errors_total', ['operation'], 'Failed database operations.'),
  statements: counter(
    'layerdock_sql_statements_total',
    ['kind'],
    'Transactions, and single statements, sent to the database.',
  ),
  repeats: counter(
    'layerdock_sql_repeats_total',
    ['reason'],
    'Repeated transactions and statements: after a conflict with another change, or on a new connection.',
  ),
}

/** Calls of a bucket, where bytes are in one. */
export const s3Names: Names<'calls' | 'errors'> = {
  calls: histogram(
    'layerdock_s3_call_seconds',
    ['operation'],
    durationBounds,
    'Time until the answer of the bucket began. Each attempt counts as a call.',
  ),
  errors: counter(
    'layerdock_s3_errors_total',
    ['operation'],
    'Calls that were refused, failed or got no answer. A missing object is not an error.',
  ),
}
