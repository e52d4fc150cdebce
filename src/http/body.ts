import { BodyInterrupted } from '../oci/body-interrupted.ts'
import { parseContentRange } from '../oci/content-range.ts'
import type { ErrorName } from '../oci/error-codes.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { UploadBody } from '../ports/registry-service.ts'
import type { BodyReservation } from './body-budget.ts'
import { announcedLength, short } from './call.ts'
import { bodySource } from './native-body.ts'

/**
 * Reads a small body whole and works with it, its memory reserved meanwhile. Bytes are counted as they
 * come: the announced length is checked first and trusted never.
 *
 * @throws RegistryError `tooLarge` past `limit` bytes; `sizeInvalid` when it ends early;
 *   `tooManyRequests` when too many large ones come in at once.
 */
export async function withWholeBody<T>(
  request: Request,
  limit: number,
  tooLarge: ErrorName,
  reservation: BodyReservation,
  work: (bytes: Uint8Array) => Promise<T>,
): Promise<T> {
  try {
    return await work(await readWhole(request, limit, tooLarge, reservation))
  } finally {
    reservation.release()
  }
}

async function readWhole(
  request: Request,
  limit: number,
  tooLarge: ErrorName,
  reservation: BodyReservation,
): Promise<Uint8Array> {
  const announced = announcedLength(request)
  if (announced !== null && announced > limit) {
    throw new RegistryError(tooLarge, { detail: { limit } })
  }
  const source = bodySource(request)
  if (source === null) return new Uint8Array(0)
  const collected = new GrowingBytes()
  try {
    await source.pipe((chunk) => {
      if (collected.size + chunk.byteLength > limit) {
        throw new RegistryError(tooLarge, { detail: { limit } })
      }
      const waiting = reservation.growTo(collected.sizeWith(chunk))
      if (waiting === undefined) return collected.append(chunk)
      return waiting.then(() => collected.append(chunk))
    })
  } catch (error) {
    if (error instanceof BodyInterrupted) throw new RegistryError('sizeInvalid', { cause: error })
    throw error
  }
  return collected.take()
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

/**
 * Bytes in one piece. A list of the chunks would cost a hundred times what a client sends that
 * makes each of them one byte long.
 */
class GrowingBytes {
  #bytes: Uint8Array = new Uint8Array(0)
  size = 0

  /** The memory it would take with one chunk more, in bytes. */
  sizeWith(chunk: Uint8Array): number {
    const size = this.size + chunk.byteLength
    return this.size === 0 || size <= this.#bytes.byteLength ? size : size * 2
  }

  append(chunk: Uint8Array): void {
    const size = this.size + chunk.byteLength
    if (this.size === 0) {
      // A view of our own: a chunk may say of itself that its memory can go once it is on a disk.
      this.#bytes = chunk.subarray()
    } else {
      if (size > this.#bytes.byteLength) {
        const larger = new Uint8Array(size * 2)
        larger.set(this.#bytes.subarray(0, this.size))
        this.#bytes = larger
      }
      this.#bytes.set(chunk, this.size)
    }
    this.size = size
  }

  /** What was appended; nothing is appended after. */
  take(): Uint8Array {
    const { size } = this
    return size === this.#bytes.byteLength ? this.#bytes : this.#bytes.slice(0, size)
  }
}
