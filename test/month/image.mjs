// Images of a team: small, made from seeds alone, so that no more than their digests is kept.
import { pseudoRandom, sha256 } from '../clients/bytes.mjs'

/**
 * @typedef {object} Blob
 * @property {string} seed
 * @property {number} size
 * @property {string} digest
 */

/**
 * @typedef {object} Image
 * @property {string} digest
 * @property {string} mediaType
 * @property {string} text its manifest, byte for byte
 * @property {readonly Blob[]} blobs its config and layers
 */

const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const configType = 'application/vnd.oci.image.config.v1+json'
const layerType = 'application/vnd.oci.image.layer.v1.tar'

/** @param {Pick<Blob, 'seed' | 'size'>} blob @returns {Buffer} */
export function bytesOf({ seed, size }) {
  return Buffer.concat([...pseudoRandom(seed, size)])
}

/** @param {string} seed @param {number} size @returns {Blob} */
export function blobOf(seed, size) {
  return { seed, size, digest: sha256(bytesOf({ seed, size })) }
}

/**
 * @param {string} name its config's seed, so that no two images are the same
 * @param {readonly Blob[]} layers
 * @param {{ artifactType?: string, subject?: Image }} [more] what makes it a referrer of another
 * @returns {Image}
 */
export function imageOf(name, layers, { artifactType, subject } = {}) {
  const config = blobOf(name, 600)
  const named = (/** @type {Blob} */ { digest, size }, /** @type {string} */ mediaType) => {
    return { mediaType, digest, size }
  }
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    ...(artifactType === undefined ? {} : { artifactType }),
    config: named(config, configType),
    layers: layers.map((layer) => named(layer, layerType)),
    ...(subject === undefined
      ? {}
      : {
          subject: {
            mediaType: subject.mediaType,
            digest: subject.digest,
            size: Buffer.byteLength(subject.text),
          },
        }),
  })
  return { digest: sha256(text), mediaType: manifestType, text, blobs: [config, ...layers] }
}
