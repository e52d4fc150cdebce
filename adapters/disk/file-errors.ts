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
    case 'EMFILE':
    case 'ENFILE':
      return new RegistryError('unavailable', { cause: error })
    case 'EROFS':
      return new RegistryError('storageReadOnly', { cause: error })
    default:
      return error
  }
}

/** Whether an error says that there is no room. */
export function isStorageFull(error: unknown): boolean {
  return error instanceof RegistryError && error.kind === 'storageFull'
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
