import { makeCallers } from '../caller.mjs'
import { blobMaker, imageManifest } from '../content.mjs'
import { repeatFor } from '../timing.mjs'

/** @import { Caller } from '../caller.mjs' */
/** @import { Blob, Manifest, TableScenario } from '../types.ts' */
/** @typedef {{ tag: string, layers: readonly Blob[], manifest: Manifest }} Image */

const clients = 24
const images = 50
// Of so many jobs, one pushes an image, one pulls one, and the others ask whether theirs changed.
const cycle = 5
const kib = 1024

/**
 * What a registry has to do while continuous integration is at work: of five jobs three ask for the digest
 * of a tag, one pulls a small image, and one pushes one whose first layer is there already.
 * @type {TableScenario<{ seconds: number, operations?: number, warmUp: number }>}
 */
export const mixed = {
  id: 'mixed',
  title: () =>
    `mixed CI load: 3 checks of a tag, 1 pull and 1 push (3 blobs) in 5 jobs, ${clients} clients`,
  bare: true,
  unit: '/s',
  sizes: { full: { seconds: 3, warmUp: 1 }, quick: { seconds: 1, warmUp: 0.5 } },
  async prepare(port, { warmUp, ...span }) {
    const callers = makeCallers(clients, port, 'bench/mixed')
    const base = blobMaker(100 * kib)()
    const makers = [2 * kib, 20 * kib].map(blobMaker)
    let number = 0
    const make = () => {
      const tag = `build-${number++}`
      const layers = [...makers.map((maker) => maker()), base]
      return { tag, layers, manifest: imageManifest(layers, tag) }
    }
    /** @type {[Image, ...Image[]]} */
    const known = [make(), ...Array.from({ length: images - 1 }, make)]
    for (const image of known) await push(callers[0], image)
    const made = Array.from({ length: (span.operations ?? span.seconds * 2000) / cycle }, make)
    let jobs = 0
    const job = async (/** @type {Caller} */ caller) => {
      const at = jobs++
      const image = known[at % images] ?? known[0]
      if (at % cycle === 0) return push(caller, made.pop() ?? make())
      if (at % cycle === 1) return pull(caller, image)
      await caller.manifestReader('HEAD', image.tag, image.manifest)()
    }
    await repeatFor(warmUp, callers, job)
    return {
      run: () => repeatFor(span, callers, job),
      async check() {
        for (const layer of known[0].layers) await callers[0].verifyBlob(layer)
      },
    }
  },
}

/**
 * @param {Caller} caller
 * @param {Image} image
 */
async function push(caller, { tag, layers, manifest }) {
  for (const layer of layers) {
    if (!(await caller.hasBlob(layer.digest))) await caller.pushBlob(layer)
  }
  await caller.pushManifest(tag, manifest)
}

/**
 * @param {Caller} caller
 * @param {Image} image
 */
async function pull(caller, { tag, layers, manifest }) {
  await caller.manifestReader('GET', tag, manifest)()
  for (const layer of layers) await caller.pullBlob(layer)
}
