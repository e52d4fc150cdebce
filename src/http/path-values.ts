import { classifyDigest, type Digest, parseDigest } from '../oci/digest.ts'
import { classifyReference, type Reference } from '../oci/reference.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { parseUploadId, type UploadId } from '../oci/upload-id.ts'
import { digestToWrite, short } from './call.ts'

/*
 * What the segments of a path mean. Each function takes the percent-decoded text of a segment and
 * throws a RegistryError for a text that cannot be what the route takes there.
 */

/**
 * A blob to read or delete. A malformed digest is the client's error; one of an algorithm that this
 * registry does not verify is just not here.
 *
 * @throws RegistryError `digestInvalid`, `blobUnknown`.
 */
export function blobDigest(text: string): Digest {
  const digest = parseDigest(text)
  if (digest !== null) return digest
  if (classifyDigest(text).kind === 'unsupported') {
    throw new RegistryError('blobUnknown', { detail: { digest: short(text) } })
  }
  return digestToWrite(text)
}

/**
 * A manifest to read or delete. A text that cannot be a tag, or a digest of an algorithm that this
 * registry does not verify, is just not here.
 *
 * @throws RegistryError `digestInvalid`, `manifestUnknown`.
 */
export function referenceToRead(text: string): Reference {
  const reading = classifyReference(text)
  if (reading.kind === 'tag' || reading.kind === 'digest') return reading
  const malformed = reading.kind === 'malformed-digest'
  throw new RegistryError(malformed ? 'digestInvalid' : 'manifestUnknown', {
    detail: { reference: short(text) },
  })
}

/** @throws RegistryError `tagInvalid`, `digestInvalid`, `digestUnsupported`. */
export function referenceToWrite(text: string): Reference {
  const reading = classifyReference(text)
  const detail = { reference: short(text) }
  switch (reading.kind) {
    case 'tag':
    case 'digest':
      return reading
    case 'malformed-tag':
      throw new RegistryError('tagInvalid', { detail })
    case 'malformed-digest':
      throw new RegistryError('digestInvalid', { detail })
    case 'unsupported-digest':
      throw new RegistryError('digestUnsupported', { detail })
  }
}

/**
 * The digest whose referrers are asked for: of any algorithm, because a manifest may refer to
 * content that this registry cannot hold.
 *
 * @throws RegistryError `digestInvalid`.
 */
export function subjectDigest(text: string): string {
  if (classifyDigest(text).kind !== 'malformed') return text
  throw new RegistryError('digestInvalid', { detail: { digest: short(text) } })
}

/**
 * A text that is not a UUID was never a session. What follows an ampersand are query parameters: see
 * {@link queryOf}.
 *
 * @throws RegistryError `uploadUnknown`.
 */
export function uploadId(text: string): UploadId {
  const [bare = ''] = text.split('&', 1)
  const id = parseUploadId(bare)
  if (id === null) throw new RegistryError('uploadUnknown')
  return id
}
