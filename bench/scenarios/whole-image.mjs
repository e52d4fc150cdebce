import { makeCallers } from '../caller.mjs'
import { blobMaker, imageManifest } from '../content.mjs'
import { repeatFor } from '../timing.mjs'

/** @import { Caller } from '../caller.mjs' */
/** @import { Blob, Manifest, TableScenario } from '../types.ts' */
/** @typedef {{ tag: string, blobs: readonly Blob[], manifest: Manifest }} Image */

const clients = 8
const kib = 1024

/** @type {TableScenario<{ seconds: number, warmUp: number }>} */
export const wholeImage = {
  id: 'whole-image',
  title: () => `whole image (4 blobs, 1.3 MiB) pushed and pulled back, ${clients} clients`,
  bare: true,
  unit: '/s',
  sizes: { full: { seconds: 3, warmUp: 1 }, quick: { seconds: 1.5, warmUp: 0.5 } },
  async prepare(port, { seconds, warmUp }) {
    const callers = makeCallers(clients, port, 'bench/images')
    const makers = [2 * kib, 1024 * kib, 256 * kib, 50 * kib].map(blobMaker)
    let number = 0
    const make = () => {
      const tag = `image-${number++}`
      const blobs = makers.map((maker) => maker())
      return { tag, blobs, manifest: imageManifest(blobs, tag) }
    }
    await repeatFor(warmUp, callers, (caller) => thereAndBack(caller, make()))
    const made = Array.from({ length: seconds * 300 }, make)
    const sample = make()
    return {
      run: () =>
        repeatFor(seconds, callers, (caller) => thereAndBack(caller, made.pop() ?? make())),
      async check() {
        await thereAndBack(callers[0], sample)
        for (const blob of sample.blobs) await callers[0].verifyBlob(blob)
      },
    }
  },
}

/**
 * @param {Caller} caller
 * @param {Image} image
 */
async function thereAndBack(caller, { tag, blobs, manifest }) {
  for (const blob of blobs) {
    if (!(await caller.hasBlob(blob.digest))) await caller.pushBlob(blob)
  }
  await caller.pushManifest(tag, manifest)
  await caller.manifestReader('GET', tag, manifest)()
  for (const blob of blobs) await caller.pullBlob(blob)
}
