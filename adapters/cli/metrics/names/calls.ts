import { counter, durationBounds, histogram, type Names } from './metric-name.ts'

/** Calls of a database, where names are in one. */
export const sqlNames: Names<'calls' | 'errors' | 'statements' | 'repeats'> = {
  calls: histogram(
    'layerdock_sql_call_seconds',
    ['operation'],
    durationBounds,
    'How long the database took for what a request needs of it, repeats included.',
  ),
  errors: counter(
    'layerdock_sql_errors_total',
    ['operation'],
    'How often the database could not do it.',
  ),
  statements: counter(
    'layerdock_sql_statements_total',
    ['kind'],
    'What was sent to the database: transactions, and statements that are one by themselves.',
  ),
  repeats: counter(
    'layerdock_sql_repeats_total',
    ['reason'],
    'What was sent once more: after a collision with another change, or on a new connection.',
  ),
}

/** Calls of a bucket, where bytes are in one. */
export const s3Names: Names<'calls' | 'errors'> = {
  calls: histogram(
    'layerdock_s3_call_seconds',
    ['operation'],
    durationBounds,
    'How long the bucket took until its answer began. Each try is a call.',
  ),
  errors: counter(
    'layerdock_s3_errors_total',
    ['operation'],
    'Calls that were refused, failed or had no answer. A missing object is not an error.',
  ),
}
