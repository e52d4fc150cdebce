declare const uploadIdBrand: unique symbol

/** The id of an upload session: a UUID this registry minted, or one that could have been. */
export type UploadId = string & { readonly [uploadIdBrand]: true }

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** The upload id `text` spells, or null: a text that is not a UUID never reaches a store. */
export function parseUploadId(text: string): UploadId | null {
  return uuid.test(text) ? (text as UploadId) : null
}

/** A fresh, unguessable upload id (distribution-spec: the session id is a UUID). */
export function newUploadId(): UploadId {
  return crypto.randomUUID() as UploadId
}
