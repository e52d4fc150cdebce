import type { Chunks, LogFile } from '../../src/kit.ts'
import { crc32 } from './crc32.ts'
import { isNoFile } from './file-errors.ts'
import type { Files, OpenFile } from './files.ts'
import type { Layout } from './layout.ts'
import { readFile, readSpan, writeAll } from './whole-files.ts'

/** Gathered before one call, in bytes. */
const lotBytes = 256 * 1024
/**
 * Written before it is synced, in bytes. The journal's syncs may have to wait until the disk has all that
 * was written before them, whatever file it is in.
 */
const unsyncedBytes = 8 * 1024 * 1024

/**
 * Where a snapshot's first line says its generation: the file's name cannot, for one rename has to
 * change both. All else in it is the business of the metadata.
 */
const generationField = /^\{[^\n]*?"generation":([0-9]{1,15})[,}]/
const firstBytes = 256

/** A snapshot as it is found. */
export type FoundSnapshot =
  | { readonly kind: 'snapshot'; readonly file: LogFile }
  | { readonly kind: 'missing' }
  /** Not to be read as a snapshot, for this reason. */
  | { readonly kind: 'damaged'; readonly problem: string }

/** Looks at a snapshot's first line; the rest is read when asked for. */
export async function findSnapshot(
  files: Files,
  path: string,
  name: string,
): Promise<FoundSnapshot> {
  if ((await files.stat(path)) === null) return { kind: 'missing' }
  let file: OpenFile
  try {
    file = await files.open(path, 'read')
  } catch (error) {
    if (isNoFile(error)) return { kind: 'damaged', problem: 'is not a regular file' }
    throw error
  }
  try {
    const field = generationField.exec(await firstText(file))
    if (field === null) return { kind: 'damaged', problem: 'does not begin as a snapshot does' }
    const generation = Number(field[1])
    return { kind: 'snapshot', file: { name, generation, read: () => readFile(files, path) } }
  } finally {
    await file.close()
  }
}

/**
 * Writes a snapshot to a new file, makes it durable, and reads it back.
 *
 * @throws Error when what was read is not what was written, and as {@link Files} does. The file is
 *   then of no use; the caller removes it.
 */
export async function writeSnapshot(files: Files, path: string, rows: Chunks): Promise<void> {
  const file = await files.open(path, 'create')
  try {
    const writer = new SnapshotWriter(file)
    for await (const chunk of rows) await writer.write(chunk)
    await writer.flush()
    await file.datasync()
    let check = 0
    for await (const piece of readSpan(file, 0, writer.bytes)) check = crc32(piece, check)
    if (check !== writer.check) throw new Error(`${path}: reads back other than it was written`)
  } finally {
    await file.close()
  }
}

/**
 * Gives the snapshot its second name, in one step, so that there is always one under each. False where it was removed
 * by hand: the one before keeps that name.
 */
export async function keepSnapshot(files: Files, layout: Layout): Promise<boolean> {
  if ((await files.stat(layout.snapshot)) === null) return false
  const second = `${layout.previousSnapshot}.new`
  await files.unlink(second)
  await files.link(layout.snapshot, second)
  await files.rename(second, layout.previousSnapshot)
  // A rename between two names of one file does nothing at all.
  await files.unlink(second)
  return true
}

class SnapshotWriter {
  readonly #file: OpenFile
  #lot: Uint8Array[] = []
  #lotBytes = 0
  #written = 0
  #synced = 0
  /** CRC-32 of everything written. */
  check = 0

  constructor(file: OpenFile) {
    this.#file = file
  }

  get bytes(): number {
    return this.#written + this.#lotBytes
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.check = crc32(chunk, this.check)
    this.#lot.push(chunk)
    this.#lotBytes += chunk.byteLength
    if (this.#lotBytes >= lotBytes || this.#lot.length >= 512) await this.flush()
  }

  async flush(): Promise<void> {
    const lot = this.#lot
    this.#lot = []
    await writeAll(this.#file, lot, this.#written)
    this.#written += this.#lotBytes
    this.#lotBytes = 0
    if (this.#written - this.#synced < unsyncedBytes) return
    await this.#file.datasync()
    this.#synced = this.#written
  }
}

async function firstText(file: OpenFile): Promise<string> {
  const bytes = new Uint8Array(firstBytes)
  const count = await file.read(bytes, 0, bytes.byteLength, 0)
  return new TextDecoder('latin1').decode(bytes.subarray(0, count))
}
