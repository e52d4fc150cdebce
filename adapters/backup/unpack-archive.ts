import { type FileHandle, mkdir, open, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { asStorage } from '../folders/storage-errors.ts'
import { blockBytes, paddedTo, readHeader, readPax, TarProblem } from '../folders/tar-header.ts'
import { marker } from './backup-fit.ts'

/** What an archive of ours has: anything else is refused, since its name would be a path here. */
const known =
  /^(?:backup\.json|bytes\/store\.json|bytes\/blobs\/sha(?:256|512)\/(?:[\w.-]+\/)?[\w.-]+|generations\/[\w.-]+\/[\w.-]+)$/
const leadsAway = /(?:^|\/)\.\.?(?:\/|$)/
/** Bytes of a header that says more of the next file, at most. */
const mostExtra = 64 * 1024

/**
 * Unpacks an archive that `writeBackupArchive` wrote, as it comes. What was in the folder before is removed. What says
 * that it is a backup comes last, so one that is cut off is none.
 *
 * @throws TarProblem where it is not such an archive; RegistryError `storageFull`; what the signal aborts with.
 */
export async function unpackArchive(
  bytes: AsyncIterable<Uint8Array>,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await asStorage(() => mkdir(folder, { recursive: true, mode: 0o700 }))
  const archive = new ArchiveReader(bytes, signal)
  await archive.expectPlain()
  let isWhole = false
  for (;;) {
    const file = await archive.next()
    if (file === null) break
    const { name, size, type } = file
    if (type === '5') continue
    if (type !== '0' || !known.test(name) || leadsAway.test(name)) {
      throw new TarProblem('it is not an archive of layerdock backup')
    }
    const path = join(folder, name)
    await asStorage(() => mkdir(dirname(path), { recursive: true, mode: 0o700 }))
    await writeFile(path, archive.content(size))
    await archive.skip(paddedTo(size) - size)
    if (name === marker) isWhole = true
  }
  if (!isWhole) throw new TarProblem('it is not an archive of layerdock backup, or it is cut off')
  // The program that writes into the pipe waits until all of it is read.
  await archive.drain()
}

async function writeFile(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const handle: FileHandle = await asStorage(() => open(path, 'w', 0o600))
  try {
    for await (const chunk of chunks) {
      let at = 0
      while (at < chunk.byteLength) {
        const { bytesWritten } = await asStorage(() => handle.write(chunk, at))
        at += bytesWritten
      }
    }
  } finally {
    await handle.close()
  }
}

/** Reads the files of an archive one after the other. */
class ArchiveReader {
  readonly #source: AsyncIterator<Uint8Array>
  readonly #signal: AbortSignal
  #chunk: Uint8Array = new Uint8Array(0)

  constructor(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal) {
    this.#source = bytes[Symbol.asyncIterator]()
    this.#signal = signal
  }

  /** @throws TarProblem where it is compressed, or empty. */
  async expectPlain(): Promise<void> {
    if (!(await this.#fill())) throw new TarProblem('it is empty')
    const [one, two] = this.#chunk
    const program =
      one === 0x1f && two === 0x8b ? 'gunzip -c' : one === 0x28 && two === 0xb5 ? 'zstd -dc' : null
    if (program !== null) {
      throw new TarProblem(`it is compressed: ${program} FILE | layerdock restore - DIR`)
    }
  }

  /** The next file; null at the end. */
  async next(): Promise<{
    readonly name: string
    readonly size: number
    readonly type: string
  } | null> {
    let pax: ReadonlyMap<string, string> = new Map()
    for (;;) {
      const header = readHeader(await this.#read(blockBytes))
      if (header === null) return null
      const { name, size, type } = header
      if (type !== 'x') {
        const long = pax.get('size')
        const given = long === undefined ? size : Number(long)
        if (!Number.isSafeInteger(given) || given < 0) throw new TarProblem('a size in it is wrong')
        return { name: (pax.get('path') ?? name).replace(/^(?:\.\/)+/, ''), size: given, type }
      }
      if (size > mostExtra) throw new TarProblem('a name in it is too long')
      pax = readPax((await this.#read(paddedTo(size))).subarray(0, size))
    }
  }

  async *content(size: number): AsyncGenerator<Uint8Array> {
    for (let left = size; left > 0; ) {
      if (!(await this.#fill())) throw new TarProblem('it is cut off')
      const piece = this.#take(left)
      left -= piece.byteLength
      yield piece
    }
  }

  async skip(size: number): Promise<void> {
    for await (const _ of this.content(size));
  }

  async drain(): Promise<void> {
    while (await this.#fill()) this.#chunk = this.#chunk.subarray(this.#chunk.byteLength)
  }

  async #read(size: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(size)
    let at = 0
    for await (const piece of this.content(size)) {
      bytes.set(piece, at)
      at += piece.byteLength
    }
    return bytes
  }

  /** Whether there is something to take. */
  async #fill(): Promise<boolean> {
    while (this.#chunk.byteLength === 0) {
      this.#signal.throwIfAborted()
      const { done, value } = await this.#source.next()
      if (done === true) return false
      this.#chunk = value
    }
    return true
  }

  #take(most: number): Uint8Array {
    const piece = this.#chunk.subarray(0, most)
    this.#chunk = this.#chunk.subarray(piece.byteLength)
    return piece
  }
}
