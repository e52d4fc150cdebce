import { StoreDamaged } from '../oci/store-damaged.ts'
import type { LogContents, LogFile, LogSeal, MetadataLog } from '../ports/metadata-log.ts'
import { EffectDecoder } from './effect-decoder.ts'
import { readJournal } from './journal.ts'
import { requireSealed, requireWhole } from './recovery.ts'
import { readSnapshot } from './snapshot-reader.ts'

/** How often files are read until two readings in a row say the same: they are replaced meanwhile. */
const mostReadings = 5

/** What is inspected, and what is known of it. */
export interface Inspected {
  readonly log: Pick<MetadataLog, 'peek'>
  /** The last frame that is durable. */
  readonly sequence: () => number
  readonly signal: AbortSignal | undefined
}

/**
 * Reads the files of a log beside its writer, and says which are not what was written. Only what two readings in a row
 * say counts: files may be replaced while they are read.
 *
 * @throws what the signal aborts with; errors of the log
 */
export async function inspectLog(inspected: Inspected): Promise<readonly StoreDamaged[]> {
  let before: readonly StoreDamaged[] = []
  for (let reading = 1; reading <= mostReadings; reading += 1) {
    const found = await new Inspection(inspected).run()
    if (found.length === 0) return []
    const same = found.filter(({ message }) => before.some((each) => each.message === message))
    if (same.length === found.length) return found
    before = found
  }
  return []
}

/** One reading of all files. */
class Inspection {
  readonly #inspected: Inspected
  /** The frame that has to be there: it was durable before any file was read. */
  readonly #durable: number
  readonly #found: StoreDamaged[] = []

  constructor(inspected: Inspected) {
    this.#inspected = inspected
    this.#durable = inspected.sequence()
  }

  async run(): Promise<readonly StoreDamaged[]> {
    const { log } = this.#inspected
    const contents = await this.#noted(null, async () => (await log.peek?.()) ?? null)
    if (contents === null) return this.#found
    /** The frame before each journal, where a snapshot says it. */
    const starts: Map<number, number> = new Map([[0, 0]])
    for (const file of contents.snapshots) {
      const read = await this.#noted(file, () => readSnapshot(file, decoder(), this.#take))
      if (read !== null) starts.set(read.generation, read.sequence)
    }
    await this.#journals(contents, starts)
    return this.#found
  }

  async #journals(
    { journals, seal }: LogContents,
    starts: ReadonlyMap<number, number>,
  ): Promise<void> {
    let sequence: number | null = null
    for (const file of journals) {
      const start: number | null = starts.get(file.generation) ?? sequence
      // A snapshot that is damaged, and told, or one that has gone: nothing says where this one begins.
      if (start === null) continue
      const isLast = file === journals.at(-1)
      sequence = await this.#noted(file, () => this.#journal(file, start, isLast ? { seal } : null))
    }
  }

  /** @param last the seal, where no other journal follows; returns the last frame */
  async #journal(
    file: LogFile,
    start: number,
    last: { readonly seal: LogSeal | null } | null,
  ): Promise<number> {
    const read = await readJournal(file, start, decoder(), this.#take)
    // The last one may be in the middle of a frame.
    if (last === null) requireWhole(file, read)
    else requireSealed(file, read, last.seal)
    if (last !== null && read.sequence < this.#durable) {
      const problem = `ends with frame ${read.sequence}, and frame ${this.#durable} was written`
      throw new StoreDamaged(file.name, problem)
    }
    return read.sequence
  }

  /** What cannot be read is damage too, unless it is there no more in the next reading. */
  async #noted<T>(file: LogFile | null, read: () => Promise<T>): Promise<T | null> {
    const { signal } = this.#inspected
    signal?.throwIfAborted()
    try {
      return await read()
    } catch (error) {
      signal?.throwIfAborted()
      if (error instanceof StoreDamaged) this.#found.push(error)
      else if (file === null) throw error
      else this.#found.push(new StoreDamaged(file.name, `cannot be read: ${String(error)}`))
      return null
    }
  }

  readonly #take = (): void => this.#inspected.signal?.throwIfAborted()
}

function decoder(): EffectDecoder {
  return new EffectDecoder({ time: 0, keepUntil: 0 })
}
