import type { Digest } from '../../../src/index.ts'
import type {
  BlobRef,
  BlobStore,
  ByteSpan,
  OpenBlob,
  StagedBlob,
  StageState,
  StoredBytes,
} from '../../../src/kit.ts'
import { toHex } from '../binary-text.ts'
import type { Database } from '../database.ts'
import { Gathered } from '../gathered.ts'
import type { SqlRow, SqlValue } from '../sql-driver.ts'
import * as sql from './small-sql.ts'
import { type LargeState, SmallStage, type SmallState } from './small-stage.ts'

/** Bytes of a blob that is kept in the database, unless the program says otherwise. */
export const defaultMostBytes: number = 64 * 1024

/** Keys in one page of a list. */
const pageKeys = 1000

/** What begins the keys of this store, and no other key of it matches all of this. */
const prefix = 'small/'
const ownKey = /^small\/[0-9a-f]{12}-[0-9a-f]{20}$/

interface SmallBlob {
  readonly key: string
  readonly digest: Digest
  readonly bytes: Uint8Array
}

/**
 * A blob store around another one: blobs of at most `mostBytes` are rows of the database, which takes one statement
 * where an object takes requests, and the rest is in `around`. What is read of them comes with one read.
 */
export function smallBlobs(database: Database, around: BlobStore, mostBytes: number): BlobStore {
  const inserts = new Gathered<SmallBlob>(
    (blobs) => database.query(sql.insert, columnsOf(blobs, database.clockOffset)),
    {
      items: 500,
      bytes: 4 * 1024 * 1024,
      writes: 2,
    },
  )
  const { presign, compact, check, minChunkBytes, quarantine } = around

  return {
    async stage(id, hint, from) {
      if (isLarge(from)) return largeStage(await around.stage(id, hint, from.around))
      if (from === undefined && (hint.length ?? 0) > mostBytes) {
        return largeStage(await around.stage(id, hint))
      }
      const deps = { mostBytes, stageAround: () => around.stage(id, hint), insert }
      return new SmallStage(deps, from as SmallState | undefined)
    },

    async open(blob, how) {
      if (!ownKey.test(blob.key)) return around.open(blob, how)
      const [row] = await database.query<{ readonly bytes: Uint8Array }>(sql.read, [blob.key])
      return row === undefined || row.bytes.byteLength !== blob.size ? null : opened(row.bytes)
    },

    ...(minChunkBytes !== undefined && { minChunkBytes }),
    ...(presign !== undefined && {
      presign: async (blob, ttlMs) =>
        ownKey.test(blob.key) ? null : presign.call(around, blob, ttlMs),
    }),

    async delete(blob) {
      if (!ownKey.test(blob.key)) return around.delete(blob)
      return (await database.query(sql.remove, [blob.key])).length > 0
    },

    ...(quarantine !== undefined && {
      quarantine: async (blob) => (ownKey.test(blob.key) ? null : quarantine.call(around, blob)),
    }),

    async *list(after) {
      if (after === undefined || ownKey.test(after)) {
        yield* listed(after ?? prefix)
        yield* around.list()
      } else yield* around.list(after)
    },

    ...(compact !== undefined && { compact: (move) => compact.call(around, move) }),

    async check() {
      await Promise.all([database.check(), check?.call(around)])
    },

    // The connections are those of all stores.
    close: () => around.close(),
  }

  async function insert(digest: Digest, bytes: Uint8Array): Promise<BlobRef> {
    const key = newKey()
    await inserts.add({ key, digest, bytes }, bytes.byteLength)
    return { digest, size: bytes.byteLength, key }
  }

  async function* listed(after: string): AsyncIterable<StoredBytes> {
    for (let from = after; ; ) {
      const rows = await database.query<StoredRow>(sql.list, [from, pageKeys])
      for (const { key, size, digest, committed_at } of rows) {
        yield { key, size: Number(size), digest, committedAt: Number(committed_at) }
      }
      const last = rows.at(-1)
      if (last === undefined || rows.length < pageKeys) return
      from = last.key
    }
  }
}

interface StoredRow extends SqlRow {
  readonly key: string
  readonly digest: Digest
  readonly size: unknown
  readonly committed_at: unknown
}

function isLarge(state: StageState | undefined): state is LargeState {
  return typeof state?.around === 'object'
}

/** An upload that is in the other store from its beginning. */
function largeStage(staged: StagedBlob): StagedBlob {
  return {
    get size() {
      return staged.size
    },
    write: (chunk) => staged.write(chunk),
    async suspend() {
      const around = await staged.suspend()
      return { size: around.size, around } satisfies LargeState
    },
    read: () => staged.read(),
    commit: (digest) => staged.commit(digest),
    async revert() {
      if (staged.revert === undefined) await staged.suspend()
      else await staged.revert()
    },
    discard: () => staged.discard(),
  }
}

/** A key that is never used again. Keys sort by their time, so that rows are added at the end of the index. */
function newKey(): string {
  const time = Date.now().toString(16).padStart(12, '0')
  return `${prefix}${time}-${toHex(crypto.getRandomValues(new Uint8Array(10)))}`
}

function columnsOf(blobs: readonly SmallBlob[], offset: number): readonly SqlValue[] {
  return [
    offset,
    blobs.map(({ key }) => key),
    blobs.map(({ digest }) => digest),
    blobs.map(({ bytes }) => bytes),
  ]
}

function opened(bytes: Uint8Array): OpenBlob {
  return {
    size: bytes.byteLength,
    bytes,
    stream: (span = { start: 0, end: bytes.byteLength }) => streamOf(bytes, span),
    close: async () => {},
  }
}

function streamOf(bytes: Uint8Array, { start, end }: ByteSpan): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (end > bytes.byteLength) throw new Error(`the blob ends before byte ${end}`)
        // A copy: a reader may detach it, and others have the same bytes.
        if (end > start) controller.enqueue(bytes.slice(start, end))
        controller.close()
      },
    },
    { highWaterMark: 0 },
  )
}
