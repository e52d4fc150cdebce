import { RegistryError } from '../../src/index.ts'

/** SQLSTATEs of changes that met another one: the same again succeeds. */
const collisions: ReadonlySet<string> = new Set(['40001', '40P01', '23503', '23505'])

/** SQLSTATEs of a server that cannot be used now, beside the classes of {@link unavailableClass}. */
const unavailableCodes: ReadonlySet<string> = new Set([
  '25006', // a replica that only reads
  '25P03', // the transaction was idle for too long
  '25P04',
  '55P03', // a lock was not had in time
  '57014', // the statement took too long
  '57P01', // the server is shut down
  '57P02',
  '57P03', // the server starts
  '57P05',
  '58030', // the server cannot read or write its files
])

/** Connections (08), logins (28), resources of the server (53), a database that is not there (3D). */
const unavailableClass = /^(08|28|53|3D)/

const sqlState = /^[0-9A-Z]{5}$/

/** The SQLSTATE that the server refused with; null where it is not known whether a server answered. */
export function sqlStateOf(error: unknown): string | null {
  const code = (error as { readonly code?: unknown } | null)?.code
  return typeof code === 'string' && sqlState.test(code) && /\d/.test(code) ? code : null
}

/** Whether the change met another one, so that it may be made again at once. */
export function isCollision(error: unknown): boolean {
  const code = sqlStateOf(error)
  return code !== null && collisions.has(code)
}

/** Whether the connection ended, or none was had: what was asked for may have been done or not. */
export function isConnectionLoss(error: unknown): boolean {
  const code = sqlStateOf(error)
  if (code !== null) return code.startsWith('08') || code.startsWith('57P')
  return error instanceof Error && !mistakes.some((kind) => error instanceof kind)
}

/** Errors that say nothing of the connection. */
const mistakes = [RegistryError, TypeError, RangeError, ReferenceError, SyntaxError] as const

/** What the caller is told of an error of the database; anything else stays as it is. */
export function translated(error: unknown): unknown {
  if (error instanceof RegistryError) return error
  const code = sqlStateOf(error)
  if (code === '53100') return new RegistryError('storageFull', { cause: error })
  const isUnavailable =
    code === null
      ? isConnectionLoss(error)
      : collisions.has(code) || unavailableCodes.has(code) || unavailableClass.test(code)
  return isUnavailable ? unavailable(error) : error
}

/** The database cannot be used now. Its own message is for the log alone. */
export function unavailable(cause: unknown): RegistryError {
  return new RegistryError('unavailable', { cause, headers: { 'Retry-After': '5' } })
}
