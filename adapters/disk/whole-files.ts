import { RegistryError } from '../../src/index.ts'
import { syncDirectory } from './directory-sync.ts'
import type { Files, OpenFile } from './files.ts'

/** Read at once where a file is read from end to end. */
const readBytes = 256 * 1024

/**
 * Writes all of `chunks` from `position` on, in as many calls as it takes: the system may write
 * less than it was given and call that success.
 */
export async function writeAll(
  file: OpenFile,
  chunks: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let left = chunks
  let at = position
  while (left.length > 0) {
    const written = await file.write(left, at)
    if (written === 0 && left.some((chunk) => chunk.byteLength > 0)) {
      throw new RegistryError('storageFull', { cause: new Error('nothing more could be written') })
    }
    at += written
    left = after(left, written)
  }
}

/** The bytes of a file from `start` to `end`, in fresh pieces. */
export async function* readSpan(
  file: OpenFile,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  let position = start
  while (position < end) {
    const piece = new Uint8Array(Math.min(readBytes, end - position))
    const count = await file.read(piece, 0, piece.byteLength, position)
    if (count === 0) throw new Error(`the file ends at byte ${position}, before byte ${end}`)
    position += count
    yield piece.subarray(0, count)
  }
}

/** A file from end to end, opened when the first piece is asked for. */
export async function* readFile(files: Files, path: string): AsyncGenerator<Uint8Array> {
  const file = await files.open(path, 'read')
  try {
    yield* readSpan(file, 0, file.size)
  } finally {
    await file.close()
  }
}

/**
 * The text of a small file; null when it is not there.
 *
 * @throws Error when it is longer than `limit` bytes, or no regular file.
 */
export async function readText(
  files: Files,
  path: string,
  limit: number,
  encoding: 'utf-8' | 'latin1' = 'utf-8',
): Promise<string | null> {
  if ((await files.stat(path)) === null) return null
  const file = await files.open(path, 'read')
  try {
    if (file.size > limit) throw new Error(`${path}: longer than the ${limit} bytes it may have`)
    let text = ''
    const decoder = new TextDecoder(encoding)
    for await (const piece of readSpan(file, 0, file.size)) {
      text += decoder.decode(piece, { stream: true })
    }
    return text + decoder.decode()
  } finally {
    await file.close()
  }
}

/** Puts a small file in place whole or not at all, and makes that outlive power loss. */
export async function replaceDurably(
  files: Files,
  path: string,
  folder: string,
  text: string,
): Promise<void> {
  const temporary = `${path}.new`
  await files.unlink(temporary)
  const file = await files.open(temporary, 'create')
  try {
    await writeAll(file, [new TextEncoder().encode(text)], 0)
    await file.datasync()
  } finally {
    await file.close()
  }
  await files.rename(temporary, path)
  await syncDirectory(files, folder)
}

function after(chunks: readonly Uint8Array[], written: number): readonly Uint8Array[] {
  let skip = written
  for (const [index, chunk] of chunks.entries()) {
    if (skip < chunk.byteLength) {
      const rest = chunks.slice(index)
      if (skip > 0) rest[0] = chunk.subarray(skip)
      return rest
    }
    skip -= chunk.byteLength
  }
  return []
}
