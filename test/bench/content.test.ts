import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { blobMaker, chunked, imageManifest } from '../../bench/content.mjs'
import { ResponseReader } from '../../bench/http.mjs'

test.each([17, 10 * 1024, 1024 * 1024, 1024 * 1024 + 16, 3 * 1024 * 1024 + 5])(
  'a blob of %i bytes has that length and its stated digest',
  (bytes) => {
    const make = blobMaker(bytes)
    const [one, two] = [make(), make()]
    const all = Buffer.concat([...one.pieces()])
    expect(all.length).toBe(bytes)
    expect(one.digest).toBe(`sha256:${createHash('sha256').update(all).digest('hex')}`)
    expect(two.digest).not.toBe(one.digest)
  },
)

test('a chunked body carries the same bytes', () => {
  const blob = blobMaker(1024 * 1024 + 40_000)()
  const parts: Buffer[] = []
  let ended = false
  const reader = new ResponseReader(() => {
    ended = true
  })
  reader.expect({ onBody: (bytes) => parts.push(Buffer.from(bytes)) })
  reader.read(Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'))
  for (const piece of chunked(blob.pieces())) reader.read(piece)
  expect(ended).toBe(true)
  expect(Buffer.concat(parts).equals(Buffer.concat([...blob.pieces()]))).toBe(true)
})

test('a manifest names its blobs, and another note makes another manifest', () => {
  const blobs = Array.from({ length: 3 }, blobMaker(100))
  const manifest = imageManifest(blobs, 'a')
  const parsed = JSON.parse(manifest.bytes.toString())
  expect(parsed.config).toMatchObject({ digest: blobs[0]?.digest, size: 100 })
  expect(parsed.layers).toHaveLength(2)
  expect(imageManifest(blobs, 'b').digest).not.toBe(manifest.digest)
})
