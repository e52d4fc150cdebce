import { RegistryError } from '../../src/index.ts'
import { codeOf } from './file-errors.ts'
import type { FolderLock } from './lock.ts'

/**
 * Notices when a store's folder is no longer the one that was opened: removed, unmounted, replaced, or
 * no longer locked. Files that are open go on working then, and what is written to them is lost.
 */
export class FolderGuard {
  readonly #root: string
  readonly #lock: Pick<FolderLock, 'isHeld'>

  constructor(root: string, lock: Pick<FolderLock, 'isHeld'>) {
    this.#root = root
    this.#lock = lock
  }

  /** @throws RegistryError `unavailable` when the folder is gone, replaced or not locked any more. */
  async verify(cause?: unknown): Promise<void> {
    if (await this.#lock.isHeld()) return
    const message = `${this.#root}: the folder is gone, was replaced, or is no longer locked`
    const own = Object.assign(new Error(message), { code: 'ENOENT' })
    throw new RegistryError('unavailable', { cause: cause ?? own })
  }

  /**
   * What a failed call means: `unavailable` where the folder itself is gone, else the error as it is.
   */
  async explain(error: unknown): Promise<unknown> {
    if (!isMissing(error)) return error
    return await this.verify(error).then(
      () => error,
      (explained: unknown) => explained,
    )
  }
}

function isMissing(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ESTALE'
}
