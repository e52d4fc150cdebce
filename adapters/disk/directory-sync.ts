import { RegistryError } from '../../src/index.ts'
import type { Files, OpenDirectory } from './files.ts'

/** Makes the names in a folder outlive power loss, once. */
export async function syncDirectory(files: Files, path: string): Promise<void> {
  const directory = await files.openDirectory(path)
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

/**
 * Syncs of one folder, shared: everyone who asks while one is running waits for the next one together.
 * Thousands of renames need hundreds of syncs that way, and none is acknowledged by a sync that began
 * before it.
 *
 * A sync that failed is never tried again: the system has forgotten what it did not write, and would
 * call the next one a success. From then on every call fails with `storageReadOnly`.
 */
export class DirectorySync {
  readonly #files: Files
  readonly #path: string
  readonly #onFailure: (failure: RegistryError, error: unknown) => void
  #directory: Promise<OpenDirectory> | null = null
  #running: Promise<void> | null = null
  #next: Promise<void> | null = null
  #failure: RegistryError | null = null

  /** @param onFailure told once, of the sync that failed */
  constructor(
    files: Files,
    path: string,
    onFailure: (failure: RegistryError, error: unknown) => void,
  ) {
    this.#files = files
    this.#path = path
    this.#onFailure = onFailure
  }

  /**
   * Opens the folder, so that a later sync cannot fail for lack of a descriptor. Call it before a
   * change that {@link sync} has to make durable.
   */
  async open(): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    await this.#opened()
  }

  /** Changes made in the folder before the call are durable when it resolves. */
  sync(): Promise<void> {
    // The next one, once promised, has not begun: it can still cover this call too.
    if (this.#next !== null) return this.#next
    if (this.#running === null) return this.#start()
    this.#next = this.#afterRunning(this.#running)
    return this.#next
  }

  /** Waits for syncs under way and releases the folder. */
  async close(): Promise<void> {
    await (this.#next ?? this.#running)?.catch(() => {})
    const directory = await this.#directory?.catch(() => null)
    this.#directory = null
    await directory?.close()
  }

  async #afterRunning(running: Promise<void>): Promise<void> {
    await running.catch(() => {})
    this.#next = null
    await this.#start()
  }

  #start(): Promise<void> {
    const running = this.#syncNow().finally(() => {
      this.#running = null
    })
    this.#running = running
    return running
  }

  async #syncNow(): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    const directory = await this.#opened()
    try {
      await directory.sync()
    } catch (error) {
      this.#failure = new RegistryError('storageReadOnly', { cause: error })
      this.#onFailure(this.#failure, error)
      throw this.#failure
    }
  }

  async #opened(): Promise<OpenDirectory> {
    this.#directory ??= this.#files.openDirectory(this.#path)
    try {
      return await this.#directory
    } catch (error) {
      this.#directory = null
      throw error
    }
  }
}
