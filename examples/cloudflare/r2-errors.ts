import { RegistryError } from 'layerdock'

/** What R2 says of an upload in parts that it does not have, or no longer. */
const noSuchUpload = /\(10024\)/

/**
 * What came of a call to R2.
 *
 * @throws RegistryError `uploadUnknown` where R2 does not have the upload, otherwise `unavailable`.
 */
export async function reach<T>(call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (cause) {
    const kind = noSuchUpload.test(`${cause}`) ? 'uploadUnknown' : 'unavailable'
    throw new RegistryError(kind, { cause })
  }
}
