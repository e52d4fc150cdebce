import type { UploadId } from '../../src/index.ts'
import type { BlobStore, OpenBlob } from '../../src/kit.ts'
import { headOf, S3Bucket } from './bucket.ts'
import { ByteBudget } from './byte-budget.ts'
import { S3Client } from './client.ts'
import { isKey } from './keys.ts'
import { S3Uploads } from './multipart.ts'
import type { S3Options } from './options.ts'
import { openObject } from './reading.ts'
import { noAnswer, toRegistryError } from './s3-error.ts'
import { S3Stage, type StageDeps } from './stage.ts'
import type { S3State } from './state.ts'
import { readWhole, type S3Response } from './transport.ts'

/** A blob store in a bucket. */
export interface S3BlobStore extends BlobStore {
  presign: NonNullable<BlobStore['presign']>
  check: NonNullable<BlobStore['check']>
}

/**
 * Blobs in a bucket of any S3-compatible service: `<prefix>/<2 hex digits>/<time and random>`. Uploads in
 * parts that are a week old are ended by `compact`; a rule of the bucket may do the same.
 *
 * A key is made once, so nodes may share a bucket and need no locks. Errors are RegistryErrors `unavailable` or
 * `storageFull`; what S3 said is their cause.
 *
 * @throws TypeError where an option is wrong
 *
 * @example
 * const blobs = s3Blobs({ bucket: 'images', region: 'eu-central-1' })
 * const { metadata, uploads } = memoryStores()
 * const registry = createRegistry({ stores: { blobs, metadata, uploads } })
 */
export function s3Blobs(options: S3Options): S3BlobStore {
  const client = new S3Client(options)
  const { settings } = client
  const bucket = new S3Bucket(client)
  /** Who may write, of the uploads that are open here. */
  const writers: Map<UploadId, S3Stage> = new Map()
  /** States this process left lately: their bytes need no look. */
  const states: Map<UploadId, string> = new Map()
  const background: Set<Promise<void>> = new Set()
  const deps: StageDeps = {
    bucket,
    uploads: new S3Uploads(client, bucket),
    settings,
    budget: new ByteBudget(settings.bufferBytes),
    ended(id, stage, state) {
      if (writers.get(id) !== stage) return
      writers.delete(id)
      if (state !== null) remember(id, state)
    },
  }

  function remember(id: UploadId, state: S3State): void {
    states.set(id, nameOf(state))
    const [oldest] = states.keys()
    if (states.size > mostStates && oldest !== undefined) states.delete(oldest)
  }

  /** What a writer began that another takes the upload from is dropped beside the new one. */
  function takeOver(id: UploadId): void {
    const drop = writers.get(id)?.revert()
    if (drop === undefined) return
    const done = drop.catch(() => {}).finally(() => background.delete(done))
    background.add(done)
  }

  return {
    minChunkBytes: settings.partBytes,

    async stage(id, hint, from) {
      takeOver(id)
      // The state is this store's own, come back from the session it was kept with.
      const stage = new S3Stage(deps, id, hint, from as S3State | undefined)
      if (from !== undefined && states.get(id) !== nameOf(from as S3State)) await stage.lookFor()
      states.delete(id)
      takeOver(id)
      writers.set(id, stage)
      return stage
    },

    async open({ key, size }, how) {
      if (!isKey(key)) return null
      if (how === 'anew' && size > settings.wholeBytes) {
        const head = await bucket.head(key)
        return head?.size === size ? openObject(bucket, { key, size, etag: head.etag }, null) : null
      }
      const isLarge = size > settings.wholeBytes
      const span = isLarge && typeof how === 'object' && how.end > how.start ? how : null
      const range = span === null ? {} : { range: `bytes=${span.start}-${span.end - 1}` }
      const response = await bucket.get(key, range)
      if (response === null) return null
      const head = headOf(response)
      if (head.size !== size) {
        response.body.cancel()
        return null
      }
      if (!isLarge) return opened(await whole(bucket, response, key, size))
      const begun = { body: response.body, span: span ?? { start: 0, end: size } }
      return openObject(bucket, { key, size, etag: head.etag }, begun)
    },

    async presign({ key }, ttlMs) {
      return isKey(key) ? client.presigned(key, ttlMs) : null
    },

    async delete({ key }) {
      // S3 does not say whether there was something.
      if (!isKey(key) || (await bucket.head(key)) === null) return false
      await bucket.delete(key)
      return true
    },

    async *list(after) {
      for await (const { key, size, modifiedAt } of bucket.list(after)) {
        if (isKey(key)) yield { key, size, committedAt: modifiedAt, digest: null }
      }
    },

    /** An object cannot waste room; uploads that nobody goes on with do. */
    async compact() {
      await deps.uploads.abortOld(Date.now() - oldestUploadMs)
      return 0
    },

    async check() {
      await bucket.check()
    },

    async close() {
      await Promise.all(background)
      if (options.transport === undefined) await client.transport.close()
    },
  }
}

/** When an upload in parts is given up, in milliseconds: a week, as the rule of a bucket would say. */
const oldestUploadMs = 7 * 24 * 60 * 60 * 1000

/** States that are remembered. */
const mostStates = 10_000

function nameOf({ key, upload, size, tail }: S3State): string {
  return [key, upload, size, tail?.key].join(' ')
}

/** The bytes of an answer; where it was cut, they are asked for once more. */
async function whole(
  bucket: S3Bucket,
  response: S3Response,
  key: string,
  size: number,
): Promise<Uint8Array> {
  let body = response.body
  for (let tries = 1; ; tries += 1) {
    try {
      const bytes = await readWhole(body)
      if (bytes.byteLength === size) return bytes
      throw new Error('the body ended before its length')
    } catch (error) {
      const failure = noAnswer('GetObject', error)
      if (!(await bucket.client.pause(failure, tries))) throw toRegistryError(failure)
      const again = await bucket.get(key)
      if (again === null) throw toRegistryError(failure)
      body = again.body
    }
  }
}

function opened(bytes: Uint8Array): OpenBlob {
  return {
    size: bytes.byteLength,
    bytes,
    stream: ({ start, end } = { start: 0, end: bytes.byteLength }) =>
      new ReadableStream<Uint8Array>({
        start(controller) {
          if (end > bytes.byteLength) {
            controller.error(new Error(`bytes ${start} to ${end} are beyond the end`))
            return
          }
          if (end > start) controller.enqueue(bytes.slice(start, end))
          controller.close()
        },
      }),
    async close() {},
  }
}
