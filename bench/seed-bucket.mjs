// Fills a repository with tags for registries that keep everything in a bucket: it writes the objects that they
// would, since pushing a hundred thousand tags takes some of them an hour.

import { AwsV4Signer } from 'aws4fetch'
import { indexManifest } from './content.mjs'
import { Connection } from './http.mjs'
import { largeNames, spread } from './seed.mjs'

/** @import { SharedBucket } from './types.ts' */

const writers = 16

/**
 * @param {string} registry `distribution` or `zot`
 * @param {SharedBucket} bucket
 * @param {number} count
 */
export async function seedTags(registry, bucket, count) {
  const tags = Array.from({ length: count }, (_, at) => `t-${spread(at)}`)
  const isZot = registry.startsWith('zot')
  const objects = isZot ? zotObjects(tags) : distributionObjects(tags)
  // zot puts its root folder before each key, and so does the driver that it uses.
  const place = isZot ? { ...bucket, prefix: `${bucket.prefix}/${bucket.prefix}` } : bucket
  const iterator = objects[Symbol.iterator]()
  await Promise.all(
    Array.from({ length: writers }, async () => {
      const connection = new Connection(Number(new URL(bucket.endpoint).port))
      try {
        for (let next = iterator.next(); !next.done; next = iterator.next()) {
          await put(connection, place, ...next.value)
        }
      } finally {
        connection.close()
      }
    }),
  )
}

/** What all tags name. */
const manifest = indexManifest('the same for all')
const hex = manifest.digest.slice('sha256:'.length)

/**
 * A list reads the names of folders, and nothing in them.
 * @param {readonly string[]} tags
 * @returns {Generator<[key: string, content: string], void>}
 */
export function* distributionObjects(tags) {
  const root = 'docker/registry/v2'
  const repository = `${root}/repositories/${largeNames.repository}`
  yield [`${root}/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`, manifest.bytes.toString()]
  yield [`${repository}/_manifests/revisions/sha256/${hex}/link`, manifest.digest]
  for (const tag of tags) {
    yield [`${repository}/_manifests/tags/${tag}/current/link`, manifest.digest]
  }
}

/**
 * An OCI image layout, which has all tags in one file.
 * @param {readonly string[]} tags
 * @returns {Generator<[key: string, content: string], void>}
 */
export function* zotObjects(tags) {
  const { repository } = largeNames
  const descriptor = {
    mediaType: manifest.type,
    digest: manifest.digest,
    size: manifest.bytes.length,
  }
  const manifests = tags.map((tag) => ({
    ...descriptor,
    annotations: { 'org.opencontainers.image.ref.name': tag },
  }))
  yield [`${repository}/blobs/sha256/${hex}`, manifest.bytes.toString()]
  yield [`${repository}/oci-layout`, JSON.stringify({ imageLayoutVersion: '1.0.0' })]
  yield [`${repository}/index.json`, JSON.stringify({ schemaVersion: 2, manifests })]
}

/**
 * @param {Connection} connection
 * @param {SharedBucket} bucket
 * @param {string} key
 * @param {string} content
 */
async function put(connection, bucket, key, content) {
  const { endpoint, name, prefix, region, accessKeyId, secretAccessKey } = bucket
  const body = Buffer.from(content)
  const signer = new AwsV4Signer({
    ...{ method: 'PUT', url: `${endpoint}/${name}/${prefix}/${key}` },
    headers: { 'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD' },
    ...{ region, service: 's3', accessKeyId, secretAccessKey, cache: keys },
  })
  const { url, headers } = await signer.sign()
  const lines = [...headers].map(([header, value]) => `${header}: ${value}\r\n`).join('')
  const head = `PUT ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Length: ${body.length}\r\n${lines}\r\n`
  const { status } = await connection.exchange(Buffer.concat([Buffer.from(head), body]))
  if (status !== 200) throw new Error(`PUT of ${key} was answered ${status}`)
}

/** What is derived from a secret. */
const keys = new Map()
