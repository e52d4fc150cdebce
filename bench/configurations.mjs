// The configurations that other registries are started with.

/** @import { SharedBucket } from './types.ts' */

/**
 * The text of each, by its placeholder in a command.
 * @param {string} storage the folder that the registry keeps everything in
 * @param {number} port
 * @param {SharedBucket} [bucket] where those whose names begin so keep things instead
 * @returns {Record<string, string>}
 */
export function configurations(storage, port, bucket) {
  const local = {
    '{config}': distributionConfig(`filesystem:\n    rootdirectory: ${storage}`, port),
    '{zot-config}': zotConfig({ rootDirectory: storage, commit: false }, port),
    '{zot-commit-config}': zotConfig({ rootDirectory: storage, commit: true }, port),
  }
  if (bucket === undefined) return local
  const s3 = s3Driver(bucket)
  const lines = Object.entries(s3).map(([name, value]) => `\n    ${name}: ${JSON.stringify(value)}`)
  const distribution = (/** @type {boolean} */ redirects) =>
    distributionConfig(`redirect:\n    disable: ${!redirects}\n  s3:${lines.join('')}`, port)
  // Finding the same blob in another repository would need a database of its own, and its collector holds up
  // whoever asks, while it reads every manifest of a repository.
  const zot = (/** @type {boolean} */ redirects) =>
    zotConfig(
      {
        rootDirectory: storage,
        dedupe: false,
        gc: false,
        redirectBlobURL: redirects,
        storageDriver: { name: 's3', ...s3 },
      },
      port,
    )
  return {
    ...local,
    '{bucket-config}': distribution(false),
    '{bucket-redirect-config}': distribution(true),
    '{zot-bucket-config}': zot(false),
    '{zot-bucket-redirect-config}': zot(true),
  }
}

/**
 * The parameters of distribution's S3 driver, which zot uses too.
 * @param {SharedBucket} bucket
 */
function s3Driver({ endpoint, name, prefix, region, accessKeyId, secretAccessKey }) {
  return {
    accesskey: accessKeyId,
    secretkey: secretAccessKey,
    region,
    regionendpoint: endpoint,
    forcepathstyle: true,
    secure: false,
    bucket: name,
    rootdirectory: `/${prefix}`,
  }
}

/**
 * @param {string} driver
 * @param {number} port
 */
function distributionConfig(driver, port) {
  return `version: 0.1
log:
  level: error
  accesslog:
    disabled: true
storage:
  cache:
    blobdescriptor: inmemory
  ${driver}
  delete:
    enabled: true
http:
  addr: 127.0.0.1:${port}
`
}

/**
 * @param {object} storage
 * @param {number} port
 */
function zotConfig(storage, port) {
  return JSON.stringify({
    distSpecVersion: '1.1.1',
    storage,
    http: { address: '127.0.0.1', port: `${port}` },
    log: { level: 'error' },
  })
}
