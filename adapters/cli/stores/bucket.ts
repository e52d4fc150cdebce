import type { BlobStore } from '../../../src/kit.ts'
import type { S3Options } from '../../s3/index.ts'
import { CliError, exitCodes } from '../exit.ts'
import type { StoreSettings } from '../store-settings.ts'
import { readCredentialsFile } from './credentials-file.ts'
import { explainBucket } from './explain-stores.ts'
import { type BytesMarker, markerName } from './same-bytes.ts'
import { type Patience, waitFor } from './wait-for.ts'

/** A bucket that answers. */
export interface OpenBucket {
  readonly blobs: BlobStore
  /** For people: `s3://bucket/prefix`, and where it is not AWS. */
  readonly place: string
  readonly marker: BytesMarker
  close(): Promise<void>
}

/**
 * Opens the bucket of the settings, once it answers; null where they name none.
 *
 * @throws CliError that says what is wrong; StoppedWaiting.
 */
export async function openBucket(
  settings: StoreSettings,
  patience: Patience,
  onCall?: S3Options['onCall'],
): Promise<OpenBucket | null> {
  const { bucket: url } = settings
  if (url === null) return null
  const { awsCredentials, s3Blobs, s3Options } = await import('../../s3/index.ts')
  const { S3Bucket } = await import('../../s3/bucket.ts')
  const { S3Client } = await import('../../s3/client.ts')
  const { readWhole } = await import('../../s3/transport.ts')
  const credentials = await credentialsOf(settings.bucketCredentialsFile, awsCredentials)
  const { options, blobs } = asSettings(() => {
    const options = {
      ...s3Options(url),
      ...credentials,
      ...(onCall === undefined ? {} : { onCall }),
    }
    return { options, blobs: s3Blobs(options) }
  })
  const place = placeOf(options)
  const client = new S3Client(options)
  const objects = new S3Bucket(client)
  await waitFor(
    'bucket',
    async () => await blobs.check?.(),
    (error) => explainBucket(error, place),
    patience,
  )
  return {
    blobs,
    place,
    marker: {
      read: () =>
        explained(place, async () => {
          const found = await objects.get(markerName)
          return found === null ? null : new TextDecoder().decode(await readWhole(found.body))
        }),
      write: (text) =>
        explained(place, async () => {
          await objects.put(markerName, [new TextEncoder().encode(text)])
        }),
    },
    async close() {
      await blobs.close()
      await client.transport.close()
    },
  }
}

/** Keys may list a bucket and still not read or write it. */
async function explained<T>(place: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    throw new CliError(exitCodes.problem, [explainBucket(error, place).text])
  }
}

/** What is wrong with the URL is told as what is wrong with a setting. */
function asSettings<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new CliError(exitCodes.config, [`--bucket: ${error.message}`])
  }
}

type Keys = Awaited<ReturnType<typeof readCredentialsFile>>

/**
 * Keys of a file, which are read again each time; those of the environment; or what AWS's own tools find.
 *
 * @throws CliError when the file has none.
 */
async function credentialsOf(
  file: string | null,
  machine: () => () => Promise<Keys>,
): Promise<{ readonly credentials?: () => Promise<Keys> }> {
  if (file !== null) {
    const profile = process.env.AWS_PROFILE || 'default'
    const read = (): Promise<Keys> => readCredentialsFile(file, profile)
    await read().catch((error: unknown) => {
      const problem = error instanceof Error ? error.message : String(error)
      throw new CliError(exitCodes.config, [`--bucket-credentials-file: ${problem}`])
    })
    return { credentials: read }
  }
  if (process.env.AWS_ACCESS_KEY_ID) return {}
  const find = machine()
  return {
    credentials: () =>
      find().catch((cause: unknown) => {
        const told = cause instanceof Error ? cause.message : String(cause)
        throw new Error(
          `there are no keys: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give --bucket-credentials-file (${told})`,
          { cause },
        )
      }),
  }
}

function placeOf(options: {
  readonly bucket: string
  readonly prefix?: string
  readonly endpoint?: string
}): string {
  const { bucket, prefix = '', endpoint } = options
  const at = endpoint === undefined ? '' : ` at ${new URL(endpoint).host}`
  return `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}${at}`
}
