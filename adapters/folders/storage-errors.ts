import { RegistryError } from '../../src/index.ts'

/** What a failed write means for the target. */
export async function asStorage<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      throw new RegistryError('storageFull', { cause: error })
    }
    if (code === 'EROFS') throw new RegistryError('storageReadOnly', { cause: error })
    throw error
  }
}
