// What is pushed: blobs no two of which are alike, made so that making them costs next to nothing.

import { createHash, randomBytes } from 'node:crypto'

const pieceBytes = 1024 * 1024
const stampBytes = 16
const chunkBytes = 32 * 1024

/**
 * Makes blobs of `bytes` bytes that differ in their last sixteen. What they share is hashed once, so
 * the digest of each costs microseconds whatever its size, and is known before anything is timed.
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

const framedPieces = new WeakMap()

/** The pieces in the frames of `Transfer-Encoding: chunked`, 32 KiB in each, as Go's clients send them. */
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

function frame(piece) {
  const parts = []
  for (let at = 0; at < piece.length; at += chunkBytes) {
    const chunk = piece.subarray(at, at + chunkBytes)
    parts.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'))
  }
  return Buffer.concat(parts)
}

export const manifestType = 'application/vnd.oci.image.manifest.v1+json'

/** An image manifest over these blobs, the first its configuration; `note` makes it one of a kind. */
export function imageManifest([config, ...layers], note) {
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
  return { bytes, digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}` }
}

function descriptor(mediaType, { digest, bytes }) {
  return { mediaType, digest, size: bytes }
}
