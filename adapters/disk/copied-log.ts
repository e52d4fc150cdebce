import type { LogChoice, LogContents, LogSeal, StoreDamaged } from '../../src/kit.ts'
import { type CopiedFolderDeps, expectWholeCopy, explainCopy, keepCopy } from './copied-folder.ts'
import { type DiskLogDeps, DiskMetadataLog } from './metadata-log.ts'

/** A log that looks, before anything is changed, whether a copied folder is whole. */
export class CopiedFolderLog extends DiskMetadataLog {
  readonly #copied: CopiedFolderDeps
  #seal: LogSeal | null = null
  #isCopy = false

  constructor(deps: DiskLogDeps, copied: CopiedFolderDeps) {
    super(deps)
    this.#copied = copied
  }

  override async load(): Promise<LogContents> {
    const contents = await super.load()
    this.#seal = contents.seal
    return contents
  }

  override async adopt(choice: LogChoice): Promise<void> {
    this.#isCopy = await this.expectWhole(choice)
    await super.adopt(choice)
  }

  /** Whether the folder is a copy. @throws CopyIncomplete when it is one that is not whole. */
  expectWhole(choice: LogChoice): Promise<boolean> {
    return expectWholeCopy(this.#copied, choice, this.#seal)
  }

  get isCopy(): boolean {
    return this.#isCopy
  }

  /** Notes that the copy belongs where it is. */
  keepCopy(): Promise<void> {
    return keepCopy(this.#copied)
  }

  /** Whether damage comes from copying the folder at work. */
  explain(damage: StoreDamaged): Promise<StoreDamaged> {
    return explainCopy(this.#copied, damage)
  }
}
