import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Digest, RegistryError } from '../../src/index.ts'
import type { BlobRef, BlobStore, StagedBlob } from '../../src/kit.ts'
import { newBlobKey } from '../disk/blob-key.ts'
import { preferredLock } from '../disk/lock.ts'
import { openDiskStores } from '../disk/open-stores.ts'
import { firstVersion, newestFormat } from '../disk/store-marker.ts'
import type { ArchiveSink } from '../folders/layout-archive-writer.ts'
import { Archive } from './archive.ts'
import { marker, markerText } from './backup-fit.ts'
import { factsText, type GenerationFacts, generationName } from './generation.ts'
import {
  type BackupSource,
  type CopiedMoment,
  copyMoment,
  type MomentOptions,
} from './make-backup.ts'
import { openGeneration, type Reading, readGeneration } from './open-generation.ts'

/** Blobs up to this size wait in memory until their bytes are known to be right. */
const mostInMemory = 4 * 1024 * 1024

/**
 * Writes a backup as a tar archive: unpacked, it is a folder of backups with one generation. Bytes come first, the
 * names after them, and what says that it is a backup last, so an archive that was cut off is none.
 *
 * @throws as `copyMoment` and the sink.
 */
export async function writeBackupArchive(
  source: BackupSource,
  sink: ArchiveSink,
  options: MomentOptions,
  facts: (copied: CopiedMoment, reading: Reading) => GenerationFacts,
): Promise<GenerationFacts> {
  const names = await mkdtemp(join(tmpdir(), 'layerdock-backup-'))
  try {
    const archive = new Archive(sink)
    const bytes = new ArchiveBlobs(archive)
    const open = (mode: 'write' | 'read') =>
      openDiskStores({ directory: names, mode, blobs: bytes })
    const stores = await open('write')
    let copied: CopiedMoment
    try {
      copied = await copyMoment(source, stores, options)
    } finally {
      await stores.close()
    }
    const reading = openGeneration(await open('read'))
    const found = facts(copied, await readGeneration(reading, names))
    await reading.close()
    const folder = `generations/${generationName(Date.parse(found.at))}`
    for (const name of await readdir(names)) {
      if (!/^(?:store\.json|metadata\.json|journal\.(?:seal|\d+))$/.test(name)) continue
      await archive.file(`${folder}/${name}`, await readFile(join(names, name)))
    }
    await archive.file(`${folder}/generation.json`, encode(factsText(found)))
    await archive.folder('bytes/blobs/sha256/')
    await archive.file('bytes/store.json', encode(bytesMarker()))
    await archive.file(marker, encode(markerText))
    await archive.end()
    return found
  } finally {
    await rm(names, { recursive: true, force: true })
  }
}

/** A blob store that goes into an archive: each blob is written once, and none is read. */
class ArchiveBlobs implements BlobStore {
  readonly #archive: Archive
  readonly #sizes: Map<string, number> = new Map()

  constructor(archive: Archive) {
    this.#archive = archive
  }

  async stage(
    _id: unknown,
    { length, digest }: { readonly length?: number; readonly digest?: Digest },
  ): Promise<StagedBlob> {
    if (length === undefined || digest === undefined) throw unreadable()
    const key = newBlobKey(digest)
    const ref = { digest, size: length, key }
    return length <= mostInMemory ? this.#inMemory(ref) : await this.#direct(ref)
  }

  async open(ref: BlobRef) {
    if (this.#sizes.get(ref.key) !== ref.size) return null
    const stream = (): never => {
      throw unreadable()
    }
    return { size: ref.size, stream, close: async () => {} }
  }

  /** What was written stays: nothing names it, and the next backup of the folder sweeps it. */
  async delete({ key }: { readonly key: string }): Promise<boolean> {
    return this.#sizes.delete(key)
  }

  async *list(): AsyncGenerator<never> {}

  async close(): Promise<void> {}

  #inMemory(ref: BlobRef): StagedBlob {
    const chunks: Uint8Array[] = []
    let size = 0
    return {
      get size() {
        return size
      },
      write(chunk) {
        chunks.push(chunk)
        size += chunk.byteLength
      },
      commit: async () => {
        await this.#archive.inTurn(async () => {
          await this.#archive.begin(pathOf(ref), ref.size)
          for (const chunk of chunks) await this.#archive.write(chunk)
          await this.#archive.pad(ref.size)
        })
        return this.#committed(ref)
      },
      async discard() {},
      ...neverStaged,
    }
  }

  /** A large blob: no other file may come in between. What turns out to be damaged is filled up, and not named. */
  async #direct(ref: BlobRef): Promise<StagedBlob> {
    let end: () => void = () => {}
    const ended = new Promise<void>((resolve) => {
      end = resolve
    })
    await new Promise<void>((resolve, reject) => {
      this.#archive
        .inTurn(async () => {
          await this.#archive.begin(pathOf(ref), ref.size)
          resolve()
          await ended
        })
        .catch(reject)
    })
    let size = 0
    let isOver = false
    const finish = async (): Promise<void> => {
      if (isOver) return
      isOver = true
      try {
        const piece = new Uint8Array(64 * 1024)
        for (let left = ref.size - size; left > 0; left -= piece.byteLength) {
          await this.#archive.write(piece.subarray(0, Math.min(left, piece.byteLength)))
        }
        await this.#archive.pad(ref.size)
      } finally {
        end()
      }
    }
    return {
      get size() {
        return size
      },
      write: async (chunk) => {
        // A source that has more than it says is damaged: the archive has no room for it.
        const rest = chunk.subarray(0, ref.size - size)
        size += rest.byteLength
        await this.#archive.write(rest)
      },
      commit: async () => {
        await finish()
        return this.#committed(ref)
      },
      discard: finish,
      ...neverStaged,
    }
  }

  #committed(ref: BlobRef): BlobRef {
    this.#sizes.set(ref.key, ref.size)
    return ref
  }
}

const neverStaged = {
  async suspend(): Promise<never> {
    throw unreadable()
  },
  read(): never {
    throw unreadable()
  },
}

function unreadable(): RegistryError {
  return new RegistryError('unsupported', { cause: new Error('an archive is written alone') })
}

function pathOf({ key }: BlobRef): string {
  return `bytes/${key}`
}

const bytesMarker = (): string =>
  `${JSON.stringify({ format: newestFormat, lock: preferredLock(), needs: firstVersion, names: 'elsewhere' })}
`

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
