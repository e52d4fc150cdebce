import { RegistryError } from '../../src/index.ts'
import type { LogContents, MetadataLog } from '../../src/kit.ts'

/** A log that is read and never changed: damaged files and unfinished changes stay where they are. */
export class ReadOnlyLog implements MetadataLog {
  readonly readOnly = true
  readonly #log: MetadataLog
  readonly failure: Error | null = null

  constructor(log: MetadataLog) {
    this.#log = log
  }

  load(): Promise<LogContents> {
    return this.#log.load()
  }

  async adopt(): Promise<void> {}

  append(): Promise<void> {
    return Promise.reject(new RegistryError('storageReadOnly'))
  }

  seal(): Promise<void> {
    return Promise.reject(new RegistryError('storageReadOnly'))
  }

  rotate(): Promise<number> {
    return Promise.reject(new RegistryError('storageReadOnly'))
  }

  replace(): Promise<void> {
    return Promise.reject(new RegistryError('storageReadOnly'))
  }

  async expectNamed(): Promise<void> {}

  close(): Promise<void> {
    return this.#log.close()
  }
}
