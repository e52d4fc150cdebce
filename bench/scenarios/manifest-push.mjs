import { makeCallers } from '../caller.mjs'
import { blobMaker, imageManifest } from '../content.mjs'
import { repeatFor } from '../timing.mjs'

/** @import { Caller } from '../caller.mjs' */
/** @import { TableScenario } from '../types.ts' */

const writers = 32

/** @type {TableScenario<{ seconds: number, warmUp: number }>} */
export const manifestPush = {
  id: 'manifest-push',
  title: () => `manifest push, ${writers} writers, one repository`,
  bare: true,
  unit: '/s',
  sizes: { full: { seconds: 3, warmUp: 1 }, quick: { seconds: 1, warmUp: 0.5 } },
  async prepare(port, { seconds, warmUp }) {
    const callers = makeCallers(writers, port, 'bench/manifests')
    const blobs = Array.from({ length: 2 }, blobMaker(1024))
    for (const blob of blobs) await callers[0].pushBlob(blob)
    let number = 0
    const make = () => {
      const tag = `build-${number++}`
      return { tag, manifest: imageManifest(blobs, tag) }
    }
    let last = make()
    const push = async (/** @type {Caller} */ caller, next = make()) => {
      await caller.pushManifest(next.tag, next.manifest)
      last = next
    }
    await repeatFor(warmUp, callers, (caller) => push(caller))
    const made = Array.from({ length: seconds * 8000 }, make)
    return {
      run: () => repeatFor(seconds, callers, (caller) => push(caller, made.pop())),
      async check() {
        const answer = await callers[0].manifestReader('GET', last.tag, last.manifest)()
        if (!answer.head.includes(last.manifest.digest))
          throw new Error('another manifest came back')
      },
    }
  },
}
