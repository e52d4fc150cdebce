import { RegistryError } from '../../src/index.ts'
import type { S3Bucket } from './bucket.ts'
import type { S3Uploads } from './multipart.ts'
import { type S3Settings, smallestPart } from './options.ts'
import { copyRanges } from './part-sizes.ts'
import type { PartWriter } from './part-writer.ts'
import { readWhole } from './transport.ts'

/** Parts that are copied at once. */
const together = 4

/**
 * Gives a writer the bytes of an object, which cannot grow: what makes parts is copied within the store, the rest
 * is read.
 *
 * @throws RegistryError `uploadUnknown` where the object is not as large as it was
 */
export async function rebase(
  bucket: S3Bucket,
  uploads: S3Uploads,
  settings: S3Settings,
  writer: PartWriter,
  object: { readonly key: string; readonly size: number },
): Promise<void> {
  const { key, size } = object
  if (size === 0) return
  let read = 0
  if (size >= smallestPart) {
    const head = await bucket.head(key)
    if (head?.size !== size) throw gone(key)
    const piece = settings.equalParts ? writer.partBytes : null
    const ranges = copyRanges(size, piece)
    const target = await writer.begin()
    for (let at = 0; at < ranges.length; at += together) {
      const lot = ranges.slice(at, at + together).map(async (span, index) => {
        const source = { key, etag: head.etag, span }
        const part = await uploads.copyPart(target.key, target.upload, at + index + 1, source)
        if (part === null) throw gone(key)
        writer.add(part)
      })
      await Promise.all(lot)
    }
    read = ranges.at(-1)?.end ?? 0
  }
  if (read === size) return
  const rest = await bucket.get(key, { range: `bytes=${read}-${size - 1}` })
  const bytes = rest === null ? null : await readWhole(rest.body)
  if (bytes?.byteLength !== size - read) throw gone(key)
  await writer.write(bytes)
}

function gone(key: string): RegistryError {
  return new RegistryError('uploadUnknown', { cause: new Error(`the object ${key} is gone`) })
}
