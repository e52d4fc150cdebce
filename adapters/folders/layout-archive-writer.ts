import { type Digest, RegistryError } from '../../src/index.ts'
import { algorithmOf, type BlobWriter, encodedOf, type LayoutWriter } from '../../src/kit.ts'
import { fileHeaders, paddedTo } from './tar-header.ts'

/** Where an archive is written, from front to back. */
export interface ArchiveSink {
  write(bytes: Uint8Array): Promise<void>
  /** The archive is whole. */
  finish(): Promise<void>
}

/** Blobs up to this size wait in memory until their bytes are known to be right. */
const mostInMemory = 4 * 1024 * 1024

/** Writes a layout as a tar archive, which has its index at its end. The same content makes the same archive. */
export function layoutArchiveWriter(sink: ArchiveSink): LayoutWriter {
  return new ArchiveWriter(sink)
}

class ArchiveWriter implements LayoutWriter {
  readonly #sink: ArchiveSink
  readonly #there: Set<Digest> = new Set()
  /** One file after the other. */
  #turn: Promise<void> = Promise.resolve()
  /** Why nothing can be written any more: half a file cannot be taken back. */
  #broken: unknown = null

  constructor(sink: ArchiveSink) {
    this.#sink = sink
    this.#file('oci-layout', [encode('{"imageLayoutVersion":"1.0.0"}')]).catch(() => {})
  }

  async index(): Promise<null> {
    return null
  }

  async has(digest: Digest): Promise<boolean> {
    return this.#there.has(digest)
  }

  wantsVerified(size: number): boolean {
    return size > mostInMemory
  }

  async stage(digest: Digest, size: number): Promise<BlobWriter> {
    return this.wantsVerified(size) ? await this.#direct(digest, size) : this.#waiting(digest)
  }

  async finish(index: Uint8Array): Promise<void> {
    await this.#file('index.json', [index])
    await this.#inTurn(async () => {
      await this.#sink.write(new Uint8Array(1024))
      await this.#sink.finish()
    })
  }

  #waiting(digest: Digest): BlobWriter {
    const chunks: Uint8Array[] = []
    return {
      write: async (chunk) => void chunks.push(chunk),
      commit: async () => {
        await this.#file(nameOf(digest), chunks)
        this.#there.add(digest)
      },
      discard: async () => {},
    }
  }

  /** A blob that was read once already: it is written as it comes, and no other may come in between. */
  async #direct(digest: Digest, size: number): Promise<BlobWriter> {
    let end: () => void = () => {}
    const ended = new Promise<void>((resolve) => {
      end = resolve
    })
    await new Promise<void>((resolve, reject) => {
      this.#inTurn(async () => {
        await this.#begin(nameOf(digest), size)
        resolve()
        await ended
      }).catch(reject)
    })
    let isOver = false
    return {
      write: (chunk) => this.#sink.write(chunk),
      commit: async () => {
        await this.#pad(size)
        isOver = true
        this.#there.add(digest)
        end()
      },
      discard: async () => {
        if (!isOver) {
          const advice = `${digest} could not be read a second time, and an archive cannot go back`
          this.#broken = new RegistryError('storageReadOnly', { advice })
        }
        end()
      },
    }
  }

  #file(name: string, chunks: readonly Uint8Array[]): Promise<void> {
    const size = chunks.reduce((sum, { byteLength }) => sum + byteLength, 0)
    return this.#inTurn(async () => {
      await this.#begin(name, size)
      for (const chunk of chunks) await this.#sink.write(chunk)
      await this.#pad(size)
    })
  }

  async #begin(name: string, size: number): Promise<void> {
    for (const header of fileHeaders(name, size)) await this.#sink.write(header)
  }

  #pad(size: number): Promise<void> {
    return this.#sink.write(new Uint8Array(paddedTo(size) - size))
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const own = this.#turn.then(async () => {
      if (this.#broken !== null) throw this.#broken
      try {
        await work()
      } catch (error) {
        this.#broken ??= error
        throw error
      }
    })
    this.#turn = own.catch(() => {})
    return own
  }
}

function nameOf(digest: Digest): string {
  return `blobs/${algorithmOf(digest)}/${encodedOf(digest)}`
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
