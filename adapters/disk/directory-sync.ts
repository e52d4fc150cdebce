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
 * Syncs of one folder, shared: whoever asks while one is running waits for the next, together with
 * all others who do. Thousands of renames so need hundreds of syncs, and none is acknowledged by a
 * sync that began before it.
 */
export class DirectorySync {
  readonly #files: Files
  readonly #path: string
  #directory: Promise<OpenDirectory> | null = null
  #running: Promise<void> | null = null
  #next: Promise<void> | null = null

  constructor(files: Files, path: string) {
    this.#files = files
    this.#path = path
  }

  /** Changes made in the folder before the call are durable when it resolves. */
  sync(): Promise<void> {
    // The next one, once promised, has not begun: it can still take everybody along.
    if (this.#next !== null) return this.#next
    if (this.#running === null) return this.#start()
    this.#next = this.#afterRunning(this.#running)
    return this.#next
  }

  /** Waits for syncs under way and lets go of the folder. */
  async close(): Promise<void> {
    await (this.#next ?? this.#running)?.catch(() => {})
    const directory = await this.#directory?.catch(() => null)
    this.#directory = null
    await directory?.close()
  }

  async #afterRunning(running: Promise<void>): Promise<void> {
    // Its failure belongs to those who waited for it; the next one is a sync of other changes.
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
    this.#directory ??= this.#files.openDirectory(this.#path)
    let directory: OpenDirectory
    try {
      directory = await this.#directory
    } catch (error) {
      this.#directory = null
      throw error
    }
    await directory.sync()
  }
}
