// A store of your own: blobs in a database of keys and values, cut into pieces that it takes.
import { RegistryError } from 'layerdock'
import type { BlobRef, BlobStore, StagedBlob, StageState } from 'layerdock/kit'
import type { KeyValue } from './key-value.ts'
import { type Piece, readPieces, streamOf } from './pieces.ts'

/** The value under `blobs/<key>` that makes a blob of pieces: written last, deleted first. */
interface Blob {
  readonly digest: BlobRef['digest']
  readonly size: number
  readonly committedAt: number
  readonly pieces: readonly Piece[]
}

/** Blobs in `values`, in pieces of `pieceBytes`, of which an upload holds one in memory. */
export function keyValueBlobs(values: KeyValue, pieceBytes: number = 256 * 1024): BlobStore {
  /** Who may write, of the uploads that are open here. */
  const writers: Map<string, Stage> = new Map()
  return {
    async stage(id, _hint, from) {
      // The state is this store's own, come back from the session it was kept with.
      const state = (from ?? null) as State | null
      const there = new Set(state && (await all(values.keys(`pieces/${id}/`))))
      if (state?.pieces.some(({ key }) => !there.has(key))) throw new RegistryError('uploadUnknown')
      writers.get(id)?.revoke()
      const stage = new Stage(values, id, pieceBytes, state, () => {
        if (writers.get(id) === stage) writers.delete(id)
      })
      writers.set(id, stage)
      return stage
    },

    async open({ key, size }) {
      const blob = await readBlob(values, key)
      if (blob?.size !== size) return null
      // A blob that is not all there must not be found, or no push of the same bytes heals it.
      const there = new Set(await all(values.keys(`pieces/${key.split('/')[0]}/`)))
      if (blob.pieces.some((piece) => !there.has(piece.key))) return null
      return {
        size,
        stream: (span = { start: 0, end: size }) => streamOf(readPieces(values, blob.pieces, span)),
        async close() {},
      }
    },

    async delete({ key }) {
      const found = await values.delete(`blobs/${key}`)
      // The upload is over, so what no blob is made of goes; also after a try that got only half way.
      await deleteSpare(values, key.split('/')[0] ?? '')
      return found
    },

    async *list(after) {
      for await (const path of values.keys('blobs/', after && `blobs/${after}`)) {
        const key = path.slice('blobs/'.length)
        const blob = await readBlob(values, key)
        if (blob === null) continue
        const { digest, size, committedAt } = blob
        yield { key, size, committedAt, digest }
      }
    },

    async close() {},
  }
}

/** How another process finds an upload's bytes again. */
interface State extends StageState {
  readonly pieces: readonly Piece[]
}

/** An upload under way. Pieces are never changed, so an earlier state of it stays good. */
class Stage implements StagedBlob {
  readonly #values: KeyValue
  readonly #id: string
  readonly #pieceBytes: number
  readonly #from: State | null
  readonly #ended: () => void
  readonly #pieces: Piece[]
  #isOver = false
  #stored: number
  /** What does not fill a piece yet. */
  #rest: Uint8Array = new Uint8Array(0)

  constructor(
    values: KeyValue,
    id: string,
    pieceBytes: number,
    from: State | null,
    ended: () => void,
  ) {
    this.#values = values
    this.#id = id
    this.#pieceBytes = pieceBytes
    this.#from = from
    this.#ended = ended
    this.#pieces = [...(from?.pieces ?? [])]
    this.#stored = from?.size ?? 0
  }

  get size(): number {
    return this.#stored + this.#rest.byteLength
  }

  /** Takes the upload away from a writer that is still open: another goes on with it. */
  revoke(): void {
    this.#isOver = true
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#assertOwner()
    const bytes = new Uint8Array(this.#rest.byteLength + chunk.byteLength)
    bytes.set(this.#rest)
    bytes.set(chunk, this.#rest.byteLength)
    this.#rest = bytes
    while (this.#rest.byteLength >= this.#pieceBytes) await this.#store(this.#pieceBytes)
  }

  async suspend(): Promise<State> {
    this.#assertOwner()
    await this.#storeRest()
    return this.#end({ size: this.size, pieces: [...this.#pieces] })
  }

  read(): ReadableStream<Uint8Array> {
    const whole = async function* (stage: Stage): AsyncGenerator<Uint8Array> {
      await stage.#storeRest()
      yield* readPieces(stage.#values, stage.#pieces, { start: 0, end: stage.size })
    }
    return streamOf(whole(this))
  }

  async commit(digest: BlobRef['digest']): Promise<BlobRef> {
    this.#assertOwner()
    await this.#storeRest()
    const { size } = this
    const key = `${this.#id}/${crypto.randomUUID()}`
    const blob: Blob = { digest, size, committedAt: Date.now(), pieces: this.#pieces }
    await this.#values.set(`blobs/${key}`, new TextEncoder().encode(JSON.stringify(blob)))
    // The blob is there: what other writers of the upload left behind may wait for its deletion.
    await deleteSpare(this.#values, this.#id).catch(() => {})
    return this.#end({ digest, size, key })
  }

  /** Without an earlier state, the pieces it wrote; otherwise all the upload has beside its blobs. */
  async discard(): Promise<void> {
    if (this.#isOver) return
    if (this.#from !== null) await deleteSpare(this.#values, this.#id)
    else for (const { key } of this.#pieces) await this.#values.delete(key)
    this.#end(null)
  }

  async #storeRest(): Promise<void> {
    if (this.#rest.byteLength > 0) await this.#store(this.#rest.byteLength)
  }

  async #store(size: number): Promise<void> {
    const key = `pieces/${this.#id}/${crypto.randomUUID()}`
    await this.#values.set(key, this.#rest.subarray(0, size))
    this.#pieces.push({ key, size })
    this.#stored += size
    this.#rest = this.#rest.subarray(size)
  }

  #end<T>(result: T): T {
    this.#isOver = true
    this.#ended()
    return result
  }

  #assertOwner(): void {
    if (this.#isOver) throw new Error(`upload ${this.#id} ended, or went on elsewhere`)
  }
}

/** Deletes the pieces of an upload that no blob is made of. Two blobs of one upload may share some. */
async function deleteSpare(values: KeyValue, id: string): Promise<void> {
  const kept: Set<string> = new Set()
  for (const path of await all(values.keys(`blobs/${id}/`))) {
    const blob = await readBlob(values, path.slice('blobs/'.length))
    for (const { key } of blob?.pieces ?? []) kept.add(key)
  }
  for (const key of await all(values.keys(`pieces/${id}/`))) {
    if (!kept.has(key)) await values.delete(key)
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
