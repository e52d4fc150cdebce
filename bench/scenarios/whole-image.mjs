import { makeCallers } from '../caller.mjs'
import { blobMaker, imageManifest } from '../content.mjs'
import { repeatFor } from '../timing.mjs'

/** @import { Caller } from '../caller.mjs' */
/** @import { Blob, Manifest, TableScenario } from '../types.ts' */
/** @typedef {{ tag: string, blobs: readonly Blob[], manifest: Manifest }} Image */

const clients = 8
const kib = 1024

export const wholeImage = scenario('whole-image', 'POST and PUT', thereAndBack)
export const wholeImageDocker = scenario('whole-image-docker', 'as docker does', asDockerDoes)

/**
 * @param {string} id
 * @param {string} style for the title
 * @param {(caller: Caller, image: Image) => Promise<void>} carry
 * @returns {TableScenario<{ seconds: number, operations?: number, warmUp: number }>}
 */
function scenario(id, style, carry) {
  return {
    id,
    title: () =>
      `whole image (4 blobs, 1.3 MiB) pushed and pulled back, ${style}, ${clients} clients`,
    bare: true,
    unit: '/s',
    sizes: { full: { seconds: 3, warmUp: 1 }, quick: { seconds: 1.5, warmUp: 0.5 } },
    async prepare(port, { warmUp, ...span }) {
      const callers = makeCallers(clients, port, `bench/${id}`)
      const makers = [2 * kib, 1024 * kib, 256 * kib, 50 * kib].map(blobMaker)
      let number = 0
      const make = () => {
        const tag = `image-${number++}`
        const blobs = makers.map((maker) => maker())
        return { tag, blobs, manifest: imageManifest(blobs, tag) }
      }
      await repeatFor(warmUp, callers, (caller) => carry(caller, make()))
      const made = Array.from({ length: span.operations ?? span.seconds * 300 }, make)
      const sample = make()
      return {
        run: () => repeatFor(span, callers, (caller) => carry(caller, made.pop() ?? make())),
        async check() {
          await carry(callers[0], sample)
          for (const blob of sample.blobs) await callers[0].verifyBlob(blob)
        },
      }
    },
  }
}

/**
 * What crane, skopeo and regctl send, but for their checks.
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

/**
 * Docker sends each blob in a PATCH, looks whether it arrived, and pulls by the digest that HEAD told it.
 * @param {Caller} caller
 * @param {Image} image
 */
async function asDockerDoes(caller, { tag, blobs, manifest }) {
  for (const blob of blobs) {
    if (await caller.hasBlob(blob.digest)) continue
    await caller.pushBlobChunked(blob)
    await caller.mustHaveBlob(blob.digest)
  }
  await caller.pushManifest(tag, manifest)
  await caller.manifestReader('HEAD', tag, manifest)()
  await caller.manifestReader('GET', manifest.digest, manifest)()
  for (const blob of blobs) await caller.pullBlob(blob)
}
