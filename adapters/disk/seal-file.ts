import { type LogSeal, StoreDamaged } from '../../src/kit.ts'
import { crc32 } from './crc32.ts'
import { syncDirectory } from './directory-sync.ts'
import { isNoFile } from './file-errors.ts'
import type { Files, OpenFile } from './files.ts'
import type { Layout } from './layout.ts'
import { writeAll } from './whole-files.ts'

/** One seal, in bytes; the file has two, written in turn, so that one is whole at any moment. */
const slotBytes = 64
const slots = 2

const slotForm = /^(seal ([0-9]{1,15}) ([0-9]{1,15}) )([0-9a-f]{8}) *\n$/

/** What a seal file was found to hold. */
interface Found {
  readonly seal: LogSeal
  /** The slot it stands in. */
  readonly slot: number
}

/** `journal.seal`: how much of the newest journal is durable, told apart from the journal itself. */
export class SealFile {
  readonly #file: OpenFile
  /** The slot of the last seal; the other is written next. */
  #slot: number

  private constructor(file: OpenFile, slot: number) {
    this.#file = file
    this.#slot = slot
  }

  /**
   * The last seal; null where there is no file, as in stores of format 1.
   *
   * @throws StoreDamaged when no seal in it can be read.
   */
  static async read(files: Files, layout: Layout): Promise<LogSeal | null> {
    return (await find(files, layout))?.seal ?? null
  }

  /**
   * Opens the file and sets a seal.
   *
   * @throws as {@link SealFile.read} and {@link SealFile.set}; a file that cannot be made for lack of
   *   room is `storageFull`, and made another time.
   */
  static async open(files: Files, layout: Layout, seal: LogSeal): Promise<SealFile> {
    const found = await find(files, layout)
    if (found === null) await make(files, layout, seal)
    const file = await files.open(layout.seal, 'write')
    const opened = new SealFile(file, found?.slot ?? 0)
    try {
      if (found !== null) await opened.set(seal)
      return opened
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** Sets the seal; it outlives power loss when it resolves. Until then the last one counts. */
  async set(seal: LogSeal): Promise<void> {
    const slot = (this.#slot + 1) % slots
    await writeAll(this.#file, [slotOf(seal)], slot * slotBytes)
    await this.#file.datasync()
    this.#slot = slot
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

/** Makes the file under another name, so that it is there whole or not at all. */
async function make(files: Files, layout: Layout, seal: LogSeal): Promise<void> {
  const fresh = `${layout.seal}.new`
  await files.unlink(fresh)
  const file = await files.open(fresh, 'create')
  try {
    await writeAll(file, [slotOf(seal), slotOf(seal)], 0)
    await file.datasync()
  } finally {
    await file.close()
  }
  await files.rename(fresh, layout.seal)
  await syncDirectory(files, layout.root)
}

async function find(files: Files, layout: Layout): Promise<Found | null> {
  if ((await files.stat(layout.seal)) === null) return null
  let file: OpenFile
  try {
    file = await files.open(layout.seal, 'read')
  } catch (error) {
    throw isNoFile(error) ? new StoreDamaged(layout.seal, 'is not a regular file') : error
  }
  try {
    let newest: Found | null = null
    for (let slot = 0; slot < slots; slot += 1) {
      const seal = parseSlot(await textAt(file, slot * slotBytes))
      if (seal !== null && (newest === null || isNewer(seal, newest.seal))) newest = { seal, slot }
    }
    if (newest !== null) return newest
    throw new StoreDamaged(
      layout.seal,
      'is damaged, so that a loss of acknowledged names would not show',
    )
  } finally {
    await file.close()
  }
}

async function textAt(file: OpenFile, position: number): Promise<string> {
  const bytes = new Uint8Array(slotBytes)
  let length = 0
  for (;;) {
    const count = await file.read(bytes, length, slotBytes - length, position + length)
    length += count
    if (count === 0 || length === slotBytes) break
  }
  return new TextDecoder('latin1').decode(bytes.subarray(0, length))
}

function slotOf({ generation, bytes }: LogSeal): Uint8Array {
  const head = `seal ${generation} ${bytes} `
  const check = crc32(head).toString(16).padStart(8, '0')
  return new TextEncoder().encode(`${(head + check).padEnd(slotBytes - 1)}\n`)
}

function parseSlot(text: string): LogSeal | null {
  const [, head = '', generation, bytes, check] = slotForm.exec(text) ?? []
  if (text.length !== slotBytes || Number.parseInt(check ?? '', 16) !== crc32(head)) return null
  return { generation: Number(generation), bytes: Number(bytes) }
}

function isNewer(one: LogSeal, other: LogSeal): boolean {
  if (one.generation !== other.generation) return one.generation > other.generation
  return one.bytes > other.bytes
}
