import { RegistryError } from '../../src/index.ts'
import { codeOf } from './file-errors.ts'
import type { Files, OpenFile, OpenMode } from './files.ts'
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
    const gone = Object.assign(new Error(message), { code: 'ENOENT' })
    throw new RegistryError('unavailable', { cause: cause ?? gone })
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

/**
 * {@link Files} that look at the guard before every write: for files that stay open for long, and whose
 * bytes are acknowledged.
 */
export function guardedFiles(files: Files, guard: FolderGuard): Files {
  return {
    open: async (path: string, mode: OpenMode): Promise<OpenFile> => {
      const file = await files.open(path, mode)
      return {
        fd: file.fd,
        size: file.size,
        identity: file.identity,
        async write(chunks, position) {
          await guard.verify()
          return await file.write(chunks, position)
        },
        read: (into, offset, length, position) => file.read(into, offset, length, position),
        readNow: (into, offset, length, position) => file.readNow(into, offset, length, position),
        datasync: () => file.datasync(),
        truncate: (size) => file.truncate(size),
        close: () => file.close(),
      }
    },
    openDirectory: (path) => files.openDirectory(path),
    stat: (path) => files.stat(path),
    statNow: (path) => files.statNow(path),
    rename: (from, to) => files.rename(from, to),
    link: (from, to) => files.link(from, to),
    unlink: (path) => files.unlink(path),
    makeDirectory: (path) => files.makeDirectory(path),
    list: (path) => files.list(path),
  }
}

function isMissing(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ESTALE'
}
