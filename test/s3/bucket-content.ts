import { AwsClient } from 'aws4fetch'
import type { S3Options } from '../../adapters/s3/index.ts'
import { elementsIn, textIn } from '../../adapters/s3/xml.ts'
import type { ObjectStorage } from '../services/object-storage.ts'

/** What is in a bucket under a prefix, seen without the store. */
export interface BucketContent {
  /** Keys, without the prefix. */
  readonly objects: readonly string[]
  /** Ids of uploads under way. */
  readonly uploads: readonly string[]
}

/** Lists what is under the options' prefix. */
export async function contentOf(options: S3Options): Promise<BucketContent> {
  const credentials = options.credentials
  if (credentials === undefined || typeof credentials === 'function')
    throw new Error('keys are needed')
  const client = new AwsClient({ ...credentials, service: 's3', region: 'us-east-1', retries: 0 })
  const { prefix = '' } = options
  const ask = async (query: string): Promise<string> => {
    const answer = await client.fetch(
      `${options.endpoint}/${options.bucket}?${query}prefix=${prefix}`,
    )
    return answer.text()
  }
  const objects = elementsIn(await ask('list-type=2&'), 'Contents')
  const uploads = elementsIn(await ask('uploads=&'), 'Upload')
  return {
    objects: objects.map((entry) => (textIn(entry, 'Key') ?? '').slice(prefix.length + 1)).sort(),
    // Not every server knows the prefix here.
    uploads: uploads
      .filter((entry) => textIn(entry, 'Key')?.startsWith(`${prefix}/`))
      .map((entry) => textIn(entry, 'UploadId') ?? ''),
  }
}

/** Options of a store with a prefix of its own, in one bucket for a server. */
export function optionsOf(
  running: () => ObjectStorage,
): (more?: Partial<S3Options>) => Promise<S3Options> {
  let bucket: Promise<string> | null = null
  return async (more = {}) => {
    const { endpoint, region, accessKeyId, secretAccessKey } = running()
    bucket ??= running().bucket()
    const credentials = { accessKeyId, secretAccessKey }
    return {
      bucket: await bucket,
      prefix: running().prefix(),
      endpoint,
      region,
      credentials,
      ...more,
    }
  }
}
