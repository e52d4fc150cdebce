/** One failure a client can be told of. */
export interface ErrorRow {
  /** The specification's code; `UNKNOWN` stands for failures of ours, which it has no code for. */
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
  | 'crossSite'
  | 'unsupported'
  | 'deleteDisabled'
  | 'readOnly'
  | 'preconditionFailed'
  | 'manifestTooLarge'
  | 'blobTooLarge'
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

/** The descriptions of distribution-spec, "Error Codes". `UNKNOWN` is not among them. */
const wordsFor: ReadonlyMap<string, string> = new Map([
  ['BLOB_UNKNOWN', 'blob unknown to registry'],
  ['BLOB_UPLOAD_INVALID', 'blob upload invalid'],
  ['BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry'],
  ['DIGEST_INVALID', 'provided digest did not match uploaded content'],
  ['MANIFEST_BLOB_UNKNOWN', 'manifest references a manifest or blob unknown to registry'],
  ['MANIFEST_INVALID', 'manifest invalid'],
  ['MANIFEST_UNKNOWN', 'manifest unknown to registry'],
  ['NAME_INVALID', 'invalid repository name'],
  ['NAME_UNKNOWN', 'repository name not known to registry'],
  ['SIZE_INVALID', 'provided length did not match content length'],
  ['UNAUTHORIZED', 'authentication required'],
  ['DENIED', 'requested access to the resource is denied'],
  ['UNSUPPORTED', 'the operation is unsupported'],
  ['TOOMANYREQUESTS', 'too many requests'],
])

/**
 * Every failure of the registry: name → code, status, message (distribution-spec, "Error Codes").
 * The one table; nothing else in the code spells a status beside a code.
 */
export const errorRows: Readonly<Record<ErrorName, ErrorRow>> = {
  blobUnknown: row(
    'BLOB_UNKNOWN',
    404,
    'this repository does not have it; push or mount it here first',
  ),
  manifestUnknown: row(
    'MANIFEST_UNKNOWN',
    404,
    'this repository does not have it; check the tag or digest',
  ),
  nameUnknown: row('NAME_UNKNOWN', 404, 'the first push creates it'),
  uploadUnknown: row(
    'BLOB_UPLOAD_UNKNOWN',
    404,
    'the session may have expired or ended; start again with POST',
  ),
  routeUnknown: row('UNSUPPORTED', 404, 'there is no such endpoint'),

  nameInvalid: row(
    'NAME_INVALID',
    400,
    'a repository name is at most 255 characters: lowercase letters, digits, and single . _ __ - between them, in parts joined by /',
  ),
  digestInvalid: row(
    'DIGEST_INVALID',
    400,
    'a digest is sha256: and 64, or sha512: and 128, lowercase hex digits',
  ),
  digestMismatch: row(
    'DIGEST_INVALID',
    400,
    'the content has another digest; send it again, or correct the digest',
  ),
  digestUnsupported: row(
    'DIGEST_INVALID',
    400,
    'this registry does not verify that algorithm; use sha256 or sha512',
  ),
  rangeInvalid: row(
    'BLOB_UPLOAD_INVALID',
    400,
    'the Content-Range of a chunk is <first byte>-<last byte>, without unit or total',
  ),
  uploadBroken: row(
    'BLOB_UPLOAD_INVALID',
    400,
    'the body ended early; ask the session for its offset and go on from there',
  ),
  sizeInvalid: row(
    'SIZE_INVALID',
    400,
    'send as many bytes as Content-Length and Content-Range say',
  ),
  manifestInvalid: row('MANIFEST_INVALID', 400, 'this registry does not take this document'),
  tooManyDescriptors: row(
    'MANIFEST_INVALID',
    400,
    'it names more layers or manifests than this registry takes; split it, or ask the operator to raise the limit',
  ),
  manifestBlobUnknown: row(
    'MANIFEST_BLOB_UNKNOWN',
    400,
    'push the content named in detail to this repository first',
  ),
  tagInvalid: row(
    'MANIFEST_INVALID',
    400,
    'a tag is 1 to 128 letters, digits, _ . and -, and does not start with . or -',
  ),
  pageInvalid: row('UNSUPPORTED', 400, 'n is a whole number, 0 or more'),
  pathInvalid: row(
    'NAME_INVALID',
    400,
    'the path has an encoded or empty segment; send names, tags and digests as they are',
  ),
  httpsRequired: row('UNSUPPORTED', 400, 'this port speaks HTTPS: use a URL with https://'),
  requestInvalid: row('UNSUPPORTED', 400, 'this is not a request the registry can read'),
  bodyConsumed: row(
    'UNSUPPORTED',
    400,
    'the request body was read before it reached the registry; mount the registry ahead of body parsers',
  ),

  unauthorized: row('UNAUTHORIZED', 401, 'send credentials with the request'),
  denied: row('DENIED', 403, 'the caller does not have permission for this'),
  crossSite: row('DENIED', 403, 'a page of another site may not change this registry'),

  unsupported: row('UNSUPPORTED', 405, 'this endpoint does not have that method'),
  deleteDisabled: row('UNSUPPORTED', 405, 'deleting is turned off on this registry'),
  readOnly: row('UNSUPPORTED', 405, 'this registry is read-only'),

  preconditionFailed: row(
    'DENIED',
    412,
    'the tag is not what If-Match or If-None-Match says; fetch it again before replacing it',
  ),
  manifestTooLarge: row('MANIFEST_INVALID', 413, 'it is larger than this registry takes'),
  blobTooLarge: row('SIZE_INVALID', 413, 'the blob is larger than this registry takes'),
  tooManyTags: row(
    'MANIFEST_INVALID',
    414,
    'too many tag parameters in one request; send some of them with another',
  ),
  encodingUnsupported: row(
    'UNSUPPORTED',
    415,
    'content is stored as it was pushed; send it without Content-Encoding',
  ),
  transferUnsupported: row('UNSUPPORTED', 400, 'the only Transfer-Encoding it reads is chunked'),
  rangeUnsatisfiable: row('UNSUPPORTED', 416, 'the blob does not have these bytes'),
  chunkOutOfOrder: row(
    'BLOB_UPLOAD_INVALID',
    416,
    'the chunk does not start where the upload ends; go on after the last byte named in Range',
  ),
  tooManyRequests: row('TOOMANYREQUESTS', 429, 'wait and try again'),
  tooManyUploads: row(
    'TOOMANYREQUESTS',
    429,
    'too many upload sessions are open; finish or cancel some, or wait for them to expire',
  ),
  tooManyUploadBytes: row(
    'TOOMANYREQUESTS',
    429,
    'unfinished uploads hold as many bytes as this registry allows; wait and try again',
  ),

  internal: row('UNKNOWN', 500, 'the registry failed; the log has the reason under the request id'),
  unavailable: row('UNKNOWN', 503, 'the registry cannot do this now; try again later'),
  storageReadOnly: row(
    'UNKNOWN',
    503,
    'the registry stopped writing after a storage error; its operator has to restart it',
  ),
  storageFull: row('UNKNOWN', 507, 'the registry has no space left; free some and try again'),
}

function row(code: string, status: number, advice: string): ErrorRow {
  return { code, status, message: errorMessage(code, advice) }
}

/** Joins the specification's words for a code and what this registry adds to them. */
export function errorMessage(code: string, advice: string): string {
  const words = wordsFor.get(code)
  return words === undefined ? advice : `${words}: ${advice}`
}
