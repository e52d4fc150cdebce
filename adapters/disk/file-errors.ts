import { RegistryError } from '../../src/index.ts'

/**
 * What a failed call of the file system means to the registry. Errors without a particular meaning
 * come back as they are: the caller decides about them.
 */
export function storageError(error: unknown): unknown {
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new RegistryError('storageFull', { cause: error })
    case 'EROFS':
      return new RegistryError('storageReadOnly', { cause: error })
    case 'EMFILE':
    case 'ENFILE':
      return new RegistryError('unavailable', { cause: error })
    default:
      return error
  }
}

/** What the system says of a disk, or of a server for files, that does not do its work. */
const deviceCodes = new Set([
  'EIO',
  'EREMOTEIO',
  'ENXIO',
  'ENODEV',
  'ESTALE',
  'ENOTCONN',
  'EHOSTDOWN',
  'ETIMEDOUT',
])

/**
 * What a failed write means to the registry: a folder that is gone, or a disk with an error, is no
 * fault of the client's, and may be well again later. Other errors come back as they are.
 */
export function writeError(error: unknown): unknown {
  const code = codeOf(error)
  if (code === null) return error
  const isGone = code === 'ENOENT' || code === 'ENOTDIR'
  if (!isGone && !deviceCodes.has(code)) return error
  return new RegistryError('unavailable', { cause: error })
}

/** Whether an error says that this process may not write there. */
export function isUnwritable(error: unknown): boolean {
  if (error instanceof RegistryError) return error.kind === 'storageReadOnly'
  const code = codeOf(error)
  return code === 'EACCES' || code === 'EPERM'
}

/** Something that belongs to the store is not there, as the system would say it. */
export function isGone(path: string, cause?: unknown): Error {
  return Object.assign(new Error(`${path}: is gone`, { cause }), { code: 'ENOENT' })
}

/** Whether an error says that there is no room. */
export function isStorageFull(error: unknown): boolean {
  return error instanceof RegistryError && error.kind === 'storageFull'
}

/** Whether an error says that something was not done, and may be done later. */
export function isPassing(error: unknown): error is RegistryError {
  if (!(error instanceof RegistryError)) return false
  return error.kind === 'storageFull' || error.kind === 'unavailable'
}

/**
 * What an error means where nothing was lost: a file system that takes no new file now may take one later, and what is
 * written already goes on.
 */
export function passingReadOnly(error: unknown): unknown {
  const isReadOnly = error instanceof RegistryError && error.kind === 'storageReadOnly'
  return isReadOnly ? new RegistryError('unavailable', { cause: error.cause }) : error
}

/** The system's code of an error, such as `ENOENT`; null where it has none. */
export function codeOf(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null
  return typeof error.code === 'string' ? error.code : null
}

/** Whether an error of `open` says that no file of ours is there: none at all, or something else. */
export function isNoFile(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'EFTYPE'
}
