// A store of your own: blobs in a database of keys and values, cut into pieces that it takes.
import type { BlobRef, BlobStore, StagedBlob, StageState } from 'layerdock/kit'
import type { KeyValue } from './key-value.ts'
import { type Piece, readPieces, streamOf } from './pieces.ts'

/** What stands under `blobs/<key>` and makes a blob of pieces: written last, deleted first. */
interface Blob {
  readonly digest: BlobRef['digest']
  readonly size: number
  readonly modifiedAt: number
  readonly pieces: readonly Piece[]
}

/** Blobs in `values`, in pieces of `pieceBytes`, of which an upload holds one in memory. */
export function keyValueBlobs(values: KeyValue, pieceBytes: number = 256 * 1024): BlobStore {
  return {
    async stage(id, _hint, from) {
      const pieces = (from?.pieces as readonly Piece[] | undefined) ?? []
      const there = new Set(await all(values.keys(`pieces/${id}/`)))
      if (pieces.every(({ key }) => there.has(key))) {
        return new Stage(values, id, pieceBytes, pieces)
      }
      throw new Error(`bytes of upload ${id} are gone`)
    },

    async open({ key, size }) {
      const blob = await readBlob(values, key)
      if (blob?.size !== size) return null
      return {
        size,
        stream: (span = { start: 0, end: size }) => streamOf(readPieces(values, blob.pieces, span)),
        async close() {},
      }
    },

    async delete({ key }) {
      const blob = await readBlob(values, key)
      const found = await values.delete(`blobs/${key}`)
      for (const piece of blob?.pieces ?? []) await values.delete(piece.key)
      return found
    },

    async *list(after) {
      for await (const path of values.keys('blobs/', after && `blobs/${after}`)) {
        const key = path.slice('blobs/'.length)
        const blob = await readBlob(values, key)
        if (blob === null) continue
        const { digest, size, modifiedAt } = blob
        yield { digest, size, key, modifiedAt }
      }
    },
  }
}

/** An upload under way. Pieces are never changed, so an earlier state of it stays good. */
class Stage implements StagedBlob {
  readonly #values: KeyValue
  readonly #id: string
  readonly #pieceBytes: number
  readonly #pieces: Piece[]
  #stored: number
  /** What does not fill a piece yet. */
  #rest: Uint8Array = new Uint8Array(0)

  constructor(values: KeyValue, id: string, pieceBytes: number, pieces: readonly Piece[]) {
    this.#values = values
    this.#id = id
    this.#pieceBytes = pieceBytes
    this.#pieces = [...pieces]
    this.#stored = pieces.reduce((sum, { size }) => sum + size, 0)
  }

  get size(): number {
    return this.#stored + this.#rest.byteLength
  }

  async write(chunk: Uint8Array): Promise<void> {
    const bytes = new Uint8Array(this.#rest.byteLength + chunk.byteLength)
    bytes.set(this.#rest)
    bytes.set(chunk, this.#rest.byteLength)
    this.#rest = bytes
    while (this.#rest.byteLength >= this.#pieceBytes) await this.#store(this.#pieceBytes)
  }

  async suspend(): Promise<StageState> {
    if (this.#rest.byteLength > 0) await this.#store(this.#rest.byteLength)
    return { size: this.size, pieces: [...this.#pieces] }
  }

  read(): ReadableStream<Uint8Array> {
    const whole = async function* (stage: Stage): AsyncGenerator<Uint8Array> {
      await stage.suspend()
      yield* readPieces(stage.#values, stage.#pieces, { start: 0, end: stage.size })
    }
    return streamOf(whole(this))
  }

  /**
   * The first piece names the blob: should an upload be finished twice from one state, after a crash,
   * the two would share pieces, and so they are one blob.
   */
  async commit(digest: BlobRef['digest']): Promise<BlobRef> {
    await this.suspend()
    const { size } = this
    const key = `${this.#id}/${this.#pieces[0]?.key.split('/').at(-1) ?? 'empty'}`
    const earlier = await readBlob(this.#values, key)
    if (earlier === null) {
      const blob: Blob = { digest, size, modifiedAt: Date.now(), pieces: this.#pieces }
      await this.#values.set(`blobs/${key}`, new TextEncoder().encode(JSON.stringify(blob)))
    } else if (earlier.digest !== digest) {
      throw new Error(`upload ${this.#id} became ${earlier.digest} before`)
    }
    await this.discard()
    return { digest, size, key }
  }

  /** Deletes the pieces of the upload that no blob is made of. */
  async discard(): Promise<void> {
    const kept: Set<string> = new Set()
    for (const path of await all(this.#values.keys(`blobs/${this.#id}/`))) {
      const blob = await readBlob(this.#values, path.slice('blobs/'.length))
      for (const { key } of blob?.pieces ?? []) kept.add(key)
    }
    for (const key of await all(this.#values.keys(`pieces/${this.#id}/`))) {
      if (!kept.has(key)) await this.#values.delete(key)
    }
  }

  async #store(size: number): Promise<void> {
    const key = `pieces/${this.#id}/${crypto.randomUUID()}`
    await this.#values.set(key, this.#rest.subarray(0, size))
    this.#pieces.push({ key, size })
    this.#stored += size
    this.#rest = this.#rest.subarray(size)
  }
}

async function readBlob(values: KeyValue, key: string): Promise<Blob | null> {
  const bytes = await values.get(`blobs/${key}`)
  return bytes === null ? null : (JSON.parse(new TextDecoder().decode(bytes)) as Blob)
}

async function all(keys: AsyncIterable<string>): Promise<readonly string[]> {
  const found: string[] = []
  for await (const key of keys) found.push(key)
  return found
}
