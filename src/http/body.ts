import type { UploadBody } from '../ports/registry-service.ts'
import { BodyInterrupted } from '../spec/body-interrupted.ts'
import { parseContentRange } from '../spec/content-range.ts'
import type { ErrorName } from '../spec/error-codes.ts'
import { RegistryError } from '../spec/registry-error.ts'
import { announcedLength, short } from './call.ts'
import { bodySource } from './native-body.ts'

/**
 * Reads a small body whole, counting as it comes: the announced length is checked first and trusted
 * never.
 *
 * @throws RegistryError `tooLarge` past `limit` bytes; `sizeInvalid` when it ends early.
 */
export async function readWhole(
  request: Request,
  limit: number,
  tooLarge: ErrorName,
): Promise<Uint8Array> {
  const announced = announcedLength(request)
  if (announced !== null && announced > limit) {
    throw new RegistryError(tooLarge, { detail: { limit } })
  }
  const source = bodySource(request)
  if (source === null) return new Uint8Array(0)
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    await source.pipe((chunk) => {
      size += chunk.byteLength
      if (size > limit) throw new RegistryError(tooLarge, { detail: { limit } })
      chunks.push(chunk)
    })
  } catch (error) {
    if (error instanceof BodyInterrupted) throw new RegistryError('sizeInvalid', { cause: error })
    throw error
  }
  const [first] = chunks
  return chunks.length === 1 && first !== undefined ? first : joined(chunks, size)
}

/**
 * What a request brings for an upload; null when it brings no bytes. With none, a Content-Range has
 * nothing to be about, and is left alone, as clients expect of a closing PUT.
 *
 * @throws RegistryError `rangeInvalid`, `sizeInvalid`.
 */
export function uploadBody(request: Request): UploadBody | null {
  const length = announcedLength(request)
  const source = bodySource(request)
  if (source === null || length === 0) return null
  const text = request.headers.get('content-range')
  if (text === null) return length === null ? { source } : { source, length }
  const range = parseContentRange(text)
  if (range === null) {
    throw new RegistryError('rangeInvalid', { detail: { contentRange: short(text) } })
  }
  return length === null ? { source, range } : { source, length, range }
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.byteLength
  }
  return whole
}
