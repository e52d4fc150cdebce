import type {
  Chunks,
  LogChoice,
  LogContents,
  LogFile,
  LogSeal,
  MetadataLog,
} from '../../src/ports/metadata-log.ts'

/** What outlives a crash: the files, by generation. */
export interface Disk {
  readonly snapshots: Map<number, Uint8Array>
  readonly journals: Map<number, Uint8Array>
  seal: LogSeal | null
}

/** An empty disk. */
export function emptyDisk(): Disk {
  return diskOf([], [])
}

/** A disk with these snapshots and journals, by generation. */
export function diskOf(
  snapshots: ReadonlyArray<readonly [generation: number, bytes: Uint8Array]>,
  journals: ReadonlyArray<readonly [generation: number, bytes: Uint8Array]>,
): Disk {
  return { snapshots: new Map(snapshots), journals: new Map(journals), seal: null }
}

/** A copy of a disk as it is now. */
export function copyOf(disk: Disk): Disk {
  return { ...disk, snapshots: new Map(disk.snapshots), journals: new Map(disk.journals) }
}

/** What a log does beside its work; each may throw. */
export interface LogHooks {
  /** Before an append; nothing is written when it throws. */
  append?(bytes: Uint8Array): void | Promise<void>
  rotate?(): void | Promise<void>
  /** Before a seal. */
  seal?(): void | Promise<void>
  /** After each chunk of a snapshot. */
  chunk?(bytes: number): void | Promise<void>
}

/** A metadata log in memory, with hooks where faults come in. */
export class MemoryLog implements MetadataLog {
  readonly disk: Disk
  readonly hooks: LogHooks
  /** What was adopted. */
  choice: LogChoice | null = null
  closed = false
  /** Bytes per chunk that files are read in. */
  readonly #chunkBytes: number
  #busy = false

  constructor(disk: Disk = emptyDisk(), hooks: LogHooks = {}, chunkBytes: number = 64 * 1024) {
    this.disk = disk
    this.hooks = hooks
    this.#chunkBytes = chunkBytes
  }

  async load(): Promise<LogContents> {
    const snapshots = [...this.disk.snapshots].sort(([a], [b]) => b - a).slice(0, 2)
    const journals = [...this.disk.journals].sort(([a], [b]) => a - b)
    return {
      seal: this.disk.seal,
      snapshots: snapshots.map(([generation, bytes]) => this.#file('snapshot', generation, bytes)),
      journals: journals.map(([generation, bytes]) => this.#file('journal', generation, bytes)),
    }
  }

  async adopt(choice: LogChoice): Promise<void> {
    this.choice = choice
    for (const name of choice.damaged) this.disk.snapshots.delete(Number(name.split('.')[1]))
    const journal = this.disk.journals.get(choice.generation) ?? new Uint8Array(0)
    this.disk.journals.set(choice.generation, journal.slice(0, choice.journalBytes))
    this.#seal()
  }

  async append(bytes: Uint8Array): Promise<void> {
    if (this.#busy) throw new Error('an append during an append')
    this.#busy = true
    try {
      await this.hooks.append?.(bytes)
      const generation = this.#newest()
      const before = this.disk.journals.get(generation) ?? new Uint8Array(0)
      this.disk.journals.set(generation, joined([before, bytes]))
    } finally {
      this.#busy = false
    }
  }

  async rotate(): Promise<number> {
    if (this.#busy) throw new Error('a rotation during an append')
    await this.hooks.rotate?.()
    const generation = this.#newest() + 1
    this.disk.journals.set(generation, new Uint8Array(0))
    this.#seal()
    return generation
  }

  async seal(): Promise<void> {
    if (this.#busy) throw new Error('a seal during an append')
    await this.hooks.seal?.()
    this.#seal()
  }

  async replace(generation: number, rows: Chunks): Promise<void> {
    const chunks: Uint8Array[] = []
    for await (const chunk of rows) {
      chunks.push(chunk)
      await this.hooks.chunk?.(chunk.length)
    }
    this.disk.snapshots.set(generation, joined(chunks))
    const kept = [...this.disk.snapshots.keys()].sort((a, b) => b - a).slice(0, 2)
    const oldest = kept[1] ?? 0
    for (const old of this.disk.snapshots.keys()) if (old < oldest) this.disk.snapshots.delete(old)
    for (const old of this.disk.journals.keys()) if (old < oldest) this.disk.journals.delete(old)
  }

  async close(): Promise<void> {
    this.closed = true
  }

  #seal(): void {
    const generation = this.#newest()
    this.disk.seal = { generation, bytes: this.disk.journals.get(generation)?.length ?? 0 }
  }

  #newest(): number {
    return Math.max(...this.disk.journals.keys())
  }

  #file(kind: string, generation: number, bytes: Uint8Array): LogFile {
    const size = this.#chunkBytes
    async function* read(): AsyncGenerator<Uint8Array> {
      // One buffer for all chunks, as a file reader might have.
      const buffer = new Uint8Array(size)
      for (let at = 0; at < bytes.length; at += size) {
        const chunk = bytes.subarray(at, at + size)
        buffer.set(chunk)
        yield buffer.subarray(0, chunk.length)
      }
    }
    return { name: `${kind}.${generation}`, generation, read }
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
