import type { FileHandle } from 'node:fs/promises'
import type { Digest } from '../../src/index.ts'
import {
  algorithmOf,
  ContentFault,
  encodedOf,
  type LayoutReader,
  mostIndexBytes,
  type SourceBlob,
} from '../../src/kit.ts'
import { fileStream } from './file-stream.ts'
import { blockBytes, paddedTo, readHeader, readPax, TarProblem } from './tar-header.ts'

interface Span {
  readonly start: number
  readonly length: number
}

/** Bytes of a long name or a pax header at most. */
const mostExtra = 1024 * 1024

/**
 * A layout in a tar archive that can be read at any place. Its headers are read once; what is no part of a layout is
 * passed over, and nothing is unpacked.
 *
 * @throws TarProblem where it is not such an archive.
 */
export async function openLayoutArchive(handle: FileHandle): Promise<LayoutReader> {
  const { size } = await handle.stat()
  const spans = await spansIn(handle, size)
  const spanOf = (name: string): Span => {
    const span = spans.get(name)
    if (span === undefined) throw new ContentFault('missing', `${name} is not in the archive`)
    if (span === 'other') throw new ContentFault('refused', `${name} is a link in the archive`)
    return span
  }
  const read = async (name: string, most: number): Promise<Uint8Array> => {
    const { start, length } = spanOf(name)
    if (length > most) throw new ContentFault('refused', `${name} is larger than ${most} bytes`)
    return await readAt(handle, start, length)
  }
  return {
    index: () => read('index.json', mostIndexBytes),
    read: (digest, most) => read(nameOf(digest), most),
    async open(digest): Promise<SourceBlob> {
      const span = spanOf(nameOf(digest))
      return { size: span.length, stream: fileStream(handle, span) }
    },
  }
}

function nameOf(digest: Digest): string {
  return `blobs/${algorithmOf(digest)}/${encodedOf(digest)}`
}

const wanted =
  /^(?:index\.json|backup\.json|oci-layout|manifest\.json|blobs\/sha(?:256|512)\/[a-f0-9]+)$/

/** Where the files of a layout are. Of two with one name the later counts, as it does when they are unpacked. */
async function spansIn(
  handle: FileHandle,
  size: number,
): Promise<ReadonlyMap<string, Span | 'other'>> {
  const spans: Map<string, Span | 'other'> = new Map()
  let at = 0
  let longName: string | null = null
  let pax: ReadonlyMap<string, string> = new Map()
  await expectPlain(handle, size)
  while (at + blockBytes <= size) {
    const header = readHeader(await readAt(handle, at, blockBytes))
    at += blockBytes
    if (header === null) break
    const length = sizeOf(pax.get('size'), header.size)
    if (length > size - at) throw new TarProblem('it is cut off')
    if (header.type === 'x' || header.type === 'L') {
      if (header.size > mostExtra) throw new TarProblem('a name in it is too long')
      const extra = await readAt(handle, at, header.size)
      if (header.type === 'x') pax = readPax(extra)
      else longName = new TextDecoder().decode(extra).replace(/\0.*$/s, '')
    } else {
      const name = (pax.get('path') ?? longName ?? header.name).replace(/^(?:\.\/)+/, '')
      const isFile = header.type === '0'
      if (wanted.test(name)) spans.set(name, isFile ? { start: at, length } : 'other')
      longName = null
      pax = new Map()
    }
    at += paddedTo(header.type === 'x' || header.type === 'L' ? header.size : length)
  }
  if (spans.has('index.json')) return spans
  if (spans.has('backup.json')) {
    throw new TarProblem('it is a backup, and no image layout: layerdock restore - DIR < FILE')
  }
  throw new TarProblem(
    spans.has('manifest.json')
      ? 'it is in the format of docker save before Docker 25: skopeo copy docker-archive:FILE oci-archive:FILE2 makes a layout of it'
      : 'it is not an image layout: it has no index.json',
  )
}

/** @throws TarProblem where it is compressed. */
async function expectPlain(handle: FileHandle, size: number): Promise<void> {
  const [one, two] = await readAt(handle, 0, Math.min(size, 2))
  const isGzip = one === 0x1f && two === 0x8b
  const isZstandard = one === 0x28 && two === 0xb5
  if (!isGzip && !isZstandard) return
  const program = isGzip ? 'gunzip -c' : 'zstd -dc'
  throw new TarProblem(`it is compressed: ${program} FILE | layerdock import -`)
}

function sizeOf(text: string | undefined, size: number): number {
  if (text === undefined) return size
  const given = Number(text)
  if (!Number.isSafeInteger(given) || given < 0) throw new TarProblem('a size in it is not one')
  return given
}

async function readAt(handle: FileHandle, start: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  let read = 0
  while (read < length) {
    const { bytesRead } = await handle.read(bytes, read, length - read, start + read)
    if (bytesRead === 0) throw new TarProblem('it is cut off')
    read += bytesRead
  }
  return bytes
}
