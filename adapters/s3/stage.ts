import { type Digest, RegistryError, type UploadId } from '../../src/index.ts'
import type { BlobRef, StagedBlob, StageHint } from '../../src/kit.ts'
import type { S3Bucket } from './bucket.ts'
import type { ByteBudget } from './byte-budget.ts'
import { asObject, bytesOf, gone } from './completion.ts'
import { freshKey } from './keys.ts'
import type { S3Uploads } from './multipart.ts'
import type { S3Settings } from './options.ts'
import { largestCopy, mostParts } from './part-sizes.ts'
import { endsShort, PartWriter } from './part-writer.ts'
import { laterStream, SpanReader } from './reading.ts'
import { rebase } from './rebase.ts'
import { recovered } from './recovery.ts'
import { nothing, type S3State, uploadOf } from './state.ts'
import { Trail } from './trail.ts'

/** What all stages of a store share. */
export interface StageDeps {
  readonly bucket: S3Bucket
  readonly uploads: S3Uploads
  readonly settings: S3Settings
  readonly budget: ByteBudget
  /** Told once a stage takes no more bytes, and of the state it left. */
  ended(id: UploadId, stage: S3Stage, state: S3State | null): void
}

/**
 * How old an object may be when it becomes a blob, in milliseconds. A sweep takes what is old and has no name, and
 * AWS dates an object from the beginning of its upload.
 */
const oldestMs = 30 * 60 * 1000

/**
 * An upload's bytes on their way into the bucket. Few become one object; more are sent as parts of the object that
 * will be the blob. What came in earlier requests stays where it is until more comes.
 */
export class S3Stage implements StagedBlob {
  readonly #deps: StageDeps
  readonly #id: UploadId
  readonly #hint: StageHint
  /** Where an earlier request ended. */
  readonly #from: S3State
  /** Where all the bytes are while none are in memory; null while a writer has them. */
  #settled: S3State | null
  #writer: PartWriter
  #size: number
  readonly #trail: Trail
  #isLookedFor = false
  #isOver = false

  constructor(deps: StageDeps, id: UploadId, hint: StageHint, from: S3State = nothing) {
    this.#deps = deps
    this.#id = id
    this.#hint = hint
    this.#from = from
    this.#settled = from.size === 0 ? null : from
    this.#size = from.size
    this.#trail = new Trail(deps.bucket, deps.uploads, from)
    this.#writer = this.#newWriter()
  }

  get size(): number {
    return this.#size
  }

  /** Looks whether the bytes of the state are there. @throws RegistryError `uploadUnknown` */
  async lookFor(): Promise<void> {
    this.#isLookedFor = true
    if (this.#settled === null) return
    const { bucket, uploads } = this.#deps
    const found = await recovered(bucket, uploads, this.#settled, freshKey)
    if (found.upload !== this.#settled.upload) this.#trail.began(found.key, found.upload ?? '')
    this.#settled = found
  }

  write(chunk: Uint8Array): void | Promise<void> {
    if (this.#isOver) return Promise.reject(over())
    if (chunk.byteLength === 0) return
    if (this.#settled !== null || this.#writer.isNearlyFull) return this.#writeLater(chunk)
    this.#size += chunk.byteLength
    return this.#writer.write(chunk)
  }

  async suspend(): Promise<S3State> {
    if (this.#isOver) throw over()
    const state = this.#settled ?? (await this.#settle(this.#hint.chunked === true))
    const named = [state.key, state.tail?.key]
    const spent = this.#trail.earlier.filter((key) => !named.includes(key))
    for (const key of named) if (key !== undefined) this.#trail.keep(key)
    const left = { ...state, spent }
    this.#end(left)
    await this.#drop()
    return left
  }

  read(): ReadableStream<Uint8Array> {
    return laterStream(async () => {
      if (this.#settled === null && !this.#writer.hasUpload) {
        return this.#writer.rest.map((piece) => piece.slice())
      }
      const { key, size } = await this.#asObject()
      const head = await this.#deps.bucket.head(key)
      if (head?.size !== size) throw gone(key)
      const object = { key, size, etag: head.etag }
      return new SpanReader(this.#deps.bucket, object, { start: 0, end: size })
    })
  }

  async commit(digest: Digest): Promise<BlobRef> {
    if (this.#isOver) throw over()
    const { key, since } = await this.#asObject()
    // A state names the object of an earlier request: that must not have it deleted any more.
    const isNamed = this.#from.upload === null && this.#from.key === key
    const isOld = Date.now() - since > oldestMs
    const blob = { digest, size: this.#size, key: isNamed || isOld ? await this.#renew(key) : key }
    this.#trail.keep(blob.key)
    this.#end()
    // The blob is there: what is left over is for the sweep.
    await this.#drop()
    await this.#trail.dropEarlier(blob.key)
    return blob
  }

  async revert(): Promise<void> {
    if (this.#isOver) return
    this.#end()
    await this.#drop()
  }

  async discard(): Promise<void> {
    if (this.#isOver) return
    this.#end()
    await this.#drop()
    const { key, upload } = this.#from
    if (upload !== null) await this.#deps.uploads.abortUpload(key, upload)
    await this.#trail.dropEarlier(null)
  }

  /** Drops what this stage made and nothing names. */
  async #drop(): Promise<void> {
    await this.#writer.release()
    await this.#trail.dropMade()
  }

  #end(state: S3State | null = null): void {
    this.#isOver = true
    this.#deps.ended(this.#id, this, state)
  }

  #newWriter(from?: S3State): PartWriter {
    const { uploads, settings, budget } = this.#deps
    const expected = this.#hint.length ?? 0
    const fresh = freshKey
    const begun = (key: string, upload: string): void => this.#trail.began(key, upload)
    const options = { uploads, settings, budget, expected, fresh, begun }
    return new PartWriter(options, from === undefined ? undefined : (uploadOf(from) ?? undefined))
  }

  async #writeLater(chunk: Uint8Array): Promise<void> {
    await this.#goOn()
    this.#size += chunk.byteLength
    await this.#writer.write(chunk)
  }

  /** Makes ready for more bytes after those that are settled. */
  async #goOn(): Promise<void> {
    const { bucket, uploads, settings } = this.#deps
    const state = this.#settled ?? (await this.#settle(false))
    const open = uploadOf(state)
    const canGrow = open !== null && !endsShort(open, settings) && open.next < mostParts - 100
    if (canGrow) {
      this.#writer = this.#newWriter(state)
      if (state.tail !== null) {
        const { key, size } = state.tail
        await this.#writer.write(await bytesOf(bucket, key, size))
      }
    } else {
      const object = await this.#asObject()
      this.#writer = this.#newWriter()
      await rebase(bucket, uploads, settings, this.#writer, object)
    }
    this.#settled = null
  }

  /** Has all bytes in the bucket. @param apart what does not fill a part becomes an object of its own */
  async #settle(apart: boolean): Promise<S3State> {
    const { bucket } = this.#deps
    const writer = this.#writer
    await writer.sent()
    let state: S3State = { ...nothing, size: this.#size, since: Date.now() }
    const putRest = async (): Promise<string> => {
      const key = freshKey()
      this.#trail.wrote(key)
      await bucket.put(key, writer.rest)
      return key
    }
    if (!writer.hasUpload) {
      if (this.#size > 0) state = { ...state, key: await putRest() }
    } else {
      const size = writer.restBytes
      const tail = apart && size > 0 ? { key: await putRest(), size } : null
      if (tail === null) await writer.finish()
      state = { ...state, ...writer.open, tail }
    }
    await writer.release()
    this.#settled = state
    return state
  }

  /** Has all bytes in one object, which no more can be added to. */
  async #asObject(): Promise<S3State> {
    const { bucket, uploads } = this.#deps
    let state = this.#settled ?? (await this.#settle(false))
    if (this.#size === 0 && state.key === '') {
      const key = freshKey()
      this.#trail.wrote(key)
      await bucket.put(key, [])
      state = { ...state, key }
    }
    try {
      state = await asObject(bucket, uploads, state, this.#trail)
    } catch (error) {
      // Another process may have completed it since this one left it.
      const isGone = error instanceof RegistryError && error.kind === 'uploadUnknown'
      if (!isGone || this.#isLookedFor || state !== this.#from) throw error
      await this.lookFor()
      state = await asObject(bucket, uploads, this.#settled ?? state, this.#trail)
    }
    this.#settled = state
    return state
  }

  /** Makes an object new that was written a while ago, so that it is a blob from now on. Returns its key. */
  async #renew(key: string): Promise<string> {
    const { bucket, uploads, settings } = this.#deps
    if (this.#size <= largestCopy) {
      if (!(await bucket.mark(key))) throw gone(key)
      return key
    }
    this.#writer = this.#newWriter()
    await rebase(bucket, uploads, settings, this.#writer, { key, size: this.#size })
    this.#settled = null
    return (await this.#asObject()).key
  }
}

function over(): Error {
  return new Error('this stage of the upload ended, or another goes on with it')
}
