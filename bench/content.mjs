// The content to push: blobs that all differ, and cost next to nothing to make.

import { createHash, randomBytes } from 'node:crypto'

/** @import { Blob, Manifest } from './types.ts' */

const pieceBytes = 1024 * 1024
const stampBytes = 16
const chunkBytes = 32 * 1024

/**
 * Makes blobs of `bytes` bytes that differ in their last sixteen. The rest is hashed once, so the
 * digest of each costs microseconds at any size, and is known before the clock starts.
 * @param {number} bytes
 * @returns {() => Blob}
 */
export function blobMaker(bytes) {
  const shared = bytes - stampBytes
  const piece = randomBytes(Math.min(pieceBytes, shared))
  const whole = Math.floor(shared / piece.length)
  const rest = piece.subarray(0, shared - whole * piece.length)
  const hash = createHash('sha256')
  for (let n = 0; n < whole; n++) hash.update(piece)
  hash.update(rest)
  return () => {
    const stamp = randomBytes(stampBytes)
    return {
      bytes,
      digest: `sha256:${hash.copy().update(stamp).digest('hex')}`,
      *pieces() {
        for (let n = 0; n < whole; n++) yield piece
        if (rest.length > 0) yield rest
        yield stamp
      },
    }
  }
}

/** @type {WeakMap<Buffer, Buffer>} */
const framedPieces = new WeakMap()

/**
 * The pieces in the frames of `Transfer-Encoding: chunked`, 32 KiB in each, as Go's clients send them.
 * @param {Iterable<Buffer>} pieces
 * @returns {Generator<Buffer, void>}
 */
export function* chunked(pieces) {
  for (const piece of pieces) {
    let framed = framedPieces.get(piece)
    if (framed === undefined) {
      framed = frame(piece)
      framedPieces.set(piece, framed)
    }
    yield framed
  }
  yield Buffer.from('0\r\n\r\n')
}

/** @param {Buffer} piece */
function frame(piece) {
  const frames = []
  for (let at = 0; at < piece.length; at += chunkBytes) {
    const chunk = piece.subarray(at, at + chunkBytes)
    frames.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'))
  }
  return Buffer.concat(frames)
}

export const manifestType = 'application/vnd.oci.image.manifest.v1+json'

const indexType = 'application/vnd.oci.image.index.v1+json'

/**
 * An index of nothing, which any repository can hold. Another `note` makes another; with a `subject` it
 * is one of its referrers.
 * @param {string} note
 * @param {Manifest} [subject]
 * @returns {Manifest}
 */
export function indexManifest(note, subject) {
  const refers = {
    artifactType: 'application/vnd.example.report',
    subject: { mediaType: indexType, digest: subject?.digest, size: subject?.bytes.length },
  }
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: indexType,
      ...(subject === undefined ? {} : refers),
      manifests: [],
      annotations: { 'org.opencontainers.image.ref.name': note },
    }),
  )
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  return { bytes, digest, type: indexType }
}

/**
 * An image manifest over these blobs; the first is its configuration. Another `note` makes another
 * manifest.
 * @param {readonly Blob[]} blobs
 * @param {string} note
 * @returns {Manifest}
 */
export function imageManifest([config, ...layers], note) {
  if (config === undefined) throw new Error('an image has a configuration')
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: descriptor('application/vnd.oci.image.config.v1+json', config),
      layers: layers.map((layer) =>
        descriptor('application/vnd.oci.image.layer.v1.tar+gzip', layer),
      ),
      annotations: { 'org.opencontainers.image.ref.name': note },
    }),
  )
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  return { bytes, digest, type: manifestType }
}

/**
 * @param {string} mediaType
 * @param {Blob} blob
 */
function descriptor(mediaType, { digest, bytes }) {
  return { mediaType, digest, size: bytes }
}
