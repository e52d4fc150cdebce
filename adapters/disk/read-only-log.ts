import { RegistryError } from '../../src/index.ts'
import type { LogChoice, LogContents, MetadataLog, StoreDamaged } from '../../src/kit.ts'
import type { CopiedFolderLog } from './copied-log.ts'

/** A log that is read and never changed: damaged files and unfinished changes stay where they are. */
export class ReadOnlyLog implements MetadataLog {
  readonly readOnly = true
  readonly #log: CopiedFolderLog
  readonly failure: Error | null = null

  constructor(log: CopiedFolderLog) {
    this.#log = log
  }

  load(): Promise<LogContents> {
    return this.#log.load()
  }

  peek(): Promise<LogContents> {
    return this.#log.peek()
  }

  async adopt(choice: LogChoice): Promise<void> {
    await this.#log.expectWhole(choice)
  }

  explain(damage: StoreDamaged): Promise<StoreDamaged> {
    return this.#log.explain(damage)
  }

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
