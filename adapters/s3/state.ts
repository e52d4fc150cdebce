import type { StageState } from '../../src/kit.ts'
import type { SentPart } from './multipart.ts'
import type { OpenUpload } from './part-writer.ts'

/** What a stage leaves for the next process: where the bytes are that were acknowledged. */
export interface S3State extends StageState {
  /** The object with the bytes; or the one they will be, once the upload is complete. Empty where there are none. */
  readonly key: string
  /** When the object was written or the upload begun, in milliseconds since the epoch. */
  readonly since: number
  /** The upload in parts; null where the object is there. */
  readonly upload: string | null
  /** The upload's parts, with what S3 answered for each. */
  readonly parts: readonly SentPart[]
  /** The number of the next part. */
  readonly next: number
  /** An object with the bytes after the parts; null where there are none. */
  readonly tail: { readonly key: string; readonly size: number } | null
  /** Objects whose bytes this state has elsewhere: they go once it is kept. */
  readonly spent: readonly string[]
}

/** A state of no bytes. */
export const nothing: S3State = {
  size: 0,
  key: '',
  since: 0,
  upload: null,
  parts: [],
  next: 1,
  tail: null,
  spent: [],
}

/** The upload of a state; null where its bytes are an object. */
export function uploadOf({ key, upload, parts, next }: S3State): OpenUpload | null {
  return upload === null ? null : { key, upload, parts, next }
}
