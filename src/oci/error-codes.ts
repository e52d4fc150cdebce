/** One failure a client can be told of. */
export interface ErrorRow {
  /** The specification's code; `UNKNOWN` and `UNAVAILABLE` stand for failures of ours, which it has no code for. */
  readonly code: string
  /** HTTP status. */
  readonly status: number
  /** Begins with the specification's words for the code, which programs search for, and says what to do. */
  readonly message: string
}

/** The name of a row of {@link errorRows}. */
export type ErrorName =
  | 'blobUnknown'
  | 'manifestUnknown'
  | 'nameUnknown'
  | 'uploadUnknown'
  | 'routeUnknown'
  | 'nameInvalid'
  | 'digestInvalid'
  | 'digestMismatch'
  | 'digestUnsupported'
  | 'rangeInvalid'
  | 'uploadBroken'
  | 'sizeInvalid'
  | 'manifestInvalid'
  | 'tooManyDescriptors'
  | 'manifestBlobUnknown'
  | 'tagInvalid'
  | 'pageInvalid'
  | 'pathInvalid'
  | 'requestInvalid'
  | 'httpsRequired'
  | 'bodyConsumed'
  | 'unauthorized'
  | 'denied'
  | 'tagImmutable'
  | 'contentNamed'
  | 'crossSite'
  | 'unsupported'
  | 'deleteDisabled'
  | 'readOnly'
  | 'preconditionFailed'
  | 'manifestTooLarge'
  | 'blobTooLarge'
  | 'formTooLarge'
  | 'tooManyTags'
  | 'encodingUnsupported'
  | 'transferUnsupported'
  | 'rangeUnsatisfiable'
  | 'chunkOutOfOrder'
  | 'tooManyRequests'
  | 'tooManyUploads'
  | 'tooManyUploadBytes'
  | 'internal'
  | 'unavailable'
  | 'storageReadOnly'
  | 'storageFull'

/** The descriptions of distribution-spec, "Error Codes". */
const wordsFor: Map<string, string> = new Map()

/**
 * Every failure of the registry: name → code, status, message (distribution-spec, "Error Codes").
 * The one table; nothing else in the code spells a status beside a code.
 */
export const errorRows: Readonly<Record<ErrorName, ErrorRow>> = {
  ...rows('BLOB_UNKNOWN', 'blob unknown to registry', {
    blobUnknown: [404, 'this repository does not have it; push or mount it here first'],
  }),
  ...rows('MANIFEST_UNKNOWN', 'manifest unknown to registry', {
    manifestUnknown: [404, 'this repository does not have it; check the tag or digest'],
  }),
  ...rows('NAME_UNKNOWN', 'repository name not known to registry', {
    nameUnknown: [404, 'the first push creates it'],
  }),
  ...rows('BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry', {
    uploadUnknown: [404, 'the session may have expired or ended; start again with POST'],
  }),
  ...rows('NAME_INVALID', 'invalid repository name', {
    nameInvalid: [
      400,
      'a repository name is at most 255 characters: lowercase letters, digits, and single . _ __ - between them, in parts joined by /',
    ],
    pathInvalid: [
      400,
      'the path has an encoded or empty segment; send names, tags and digests as they are',
    ],
  }),
  ...rows('DIGEST_INVALID', 'provided digest did not match uploaded content', {
    digestInvalid: [400, 'a digest is sha256: and 64, or sha512: and 128, lowercase hex digits'],
    digestMismatch: [400, 'the content has another digest; send it again, or correct the digest'],
    digestUnsupported: [400, 'this registry does not verify that algorithm; use sha256 or sha512'],
  }),
  ...rows('SIZE_INVALID', 'provided length did not match content length', {
    sizeInvalid: [400, 'send as many bytes as Content-Length and Content-Range say'],
    blobTooLarge: [413, 'the blob is larger than this registry takes'],
  }),
  ...rows('MANIFEST_INVALID', 'manifest invalid', {
    manifestInvalid: [400, 'this registry does not take this document'],
    tooManyDescriptors: [
      400,
      'it names more layers or manifests than this registry takes; split it, or ask the operator to raise the limit',
    ],
    tagInvalid: [
      400,
      'a tag is 1 to 128 letters, digits, _ . and -, and does not start with . or -',
    ],
    manifestTooLarge: [413, 'it is larger than this registry takes'],
    tooManyTags: [414, 'too many tag parameters in one request; send some of them with another'],
  }),
  ...rows('MANIFEST_BLOB_UNKNOWN', 'manifest references a manifest or blob unknown to registry', {
    manifestBlobUnknown: [400, 'push the content named in detail to this repository first'],
  }),
  ...rows('UNAUTHORIZED', 'authentication required', {
    unauthorized: [401, 'send credentials with the request'],
  }),
  ...rows('DENIED', 'requested access to the resource is denied', {
    denied: [403, 'the caller does not have permission for this'],
    tagImmutable: [
      403,
      'the tag is immutable: it stays with the digest in detail; push another tag',
    ],
    contentNamed: [403, 'a manifest here names it, and tags are immutable; delete that first'],
    crossSite: [403, 'a page of another site may not change this registry'],
    preconditionFailed: [
      412,
      'the tag is not what If-Match or If-None-Match says; fetch it again before replacing it',
    ],
  }),
  ...rows('UNSUPPORTED', 'the operation is unsupported', {
    routeUnknown: [404, 'there is no such endpoint'],
    pageInvalid: [400, 'n is a whole number, 0 or more'],
    httpsRequired: [400, 'this port speaks HTTPS: use a URL with https://'],
    requestInvalid: [400, 'this is not a request the registry can read'],
    bodyConsumed: [
      400,
      'the request body was read before it reached the registry; mount the registry ahead of body parsers',
    ],
    unsupported: [405, 'this endpoint does not have that method'],
    deleteDisabled: [405, 'deleting is turned off on this registry'],
    readOnly: [405, 'this registry is read-only'],
    formTooLarge: [413, 'the form is larger than this registry takes'],
    encodingUnsupported: [
      415,
      'content is stored as it was pushed; send it without Content-Encoding',
    ],
    transferUnsupported: [400, 'the only Transfer-Encoding it reads is chunked'],
    rangeUnsatisfiable: [416, 'the blob does not have these bytes'],
  }),
  ...rows('BLOB_UPLOAD_INVALID', 'blob upload invalid', {
    rangeInvalid: [
      400,
      'the Content-Range of a chunk is <first byte>-<last byte>, without unit or total',
    ],
    uploadBroken: [
      400,
      'the body ended early; ask the session for its offset and go on from there',
    ],
    chunkOutOfOrder: [
      416,
      'the chunk does not start where the upload ends; go on after the last byte named in Range',
    ],
  }),
  ...rows('TOOMANYREQUESTS', 'too many requests', {
    tooManyRequests: [429, 'wait and try again'],
    tooManyUploads: [
      429,
      'too many upload sessions are open; finish or cancel some, or wait for them to expire',
    ],
    tooManyUploadBytes: [
      429,
      'unfinished uploads hold as many bytes as this registry allows; wait and try again',
    ],
  }),
  ...rows('UNKNOWN', '', {
    internal: [500, 'the registry failed; the log has the reason under the request id'],
    storageFull: [507, 'the registry has no space left; free some and try again'],
  }),
  // Not of the specification; other registries have it too, and clients know it.
  ...rows('UNAVAILABLE', 'service unavailable', {
    unavailable: [503, 'the registry cannot do this now; try again later'],
    storageReadOnly: [
      503,
      'the registry stopped writing after a storage error; its operator has to restart it',
    ],
  }),
}

/**
 * The rows of one code.
 *
 * @param words the specification's description of the code; empty for `UNKNOWN`, which says nothing
 * @param advice status, and what this registry adds to the words
 */
function rows<Name extends ErrorName>(
  code: string,
  words: string,
  advice: Readonly<Record<Name, readonly [status: number, text: string]>>,
): Record<Name, ErrorRow> {
  wordsFor.set(code, words)
  const made = {} as Record<Name, ErrorRow>
  for (const name in advice) {
    const [status, text] = advice[name]
    made[name] = { code, status, message: errorMessage(code, text) }
  }
  return made
}

/** Joins the specification's words for a code and what this registry adds to them. */
export function errorMessage(code: string, advice: string): string {
  const words = wordsFor.get(code)
  return words ? `${words}: ${advice}` : advice
}
