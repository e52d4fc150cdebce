import { makeCallers } from '../caller.mjs'
import { blobMaker, imageManifest } from '../content.mjs'
import { largeNames } from '../seed.mjs'
import { repeatFor } from '../timing.mjs'

/** @import { Caller } from '../caller.mjs' */
/** @import { TableScenario } from '../types.ts' */

const writers = 32

export const manifestPush = scenario(
  'manifest-push',
  'manifest push, one repository',
  'bench/manifests',
)
export const largeManifestPush = scenario(
  'manifest-push-large',
  'manifest push into the large repository',
  largeNames.repository,
)

/**
 * @param {string} id
 * @param {string} title
 * @param {string} repository
 * @returns {TableScenario<{ seconds: number, operations?: number, warmUp: number }>}
 */
function scenario(id, title, repository) {
  return {
    id,
    title: () => `${title}, ${writers} writers`,
    bare: true,
    unit: '/s',
    sizes: { full: { seconds: 3, warmUp: 1 }, quick: { seconds: 1, warmUp: 0.5 } },
    async prepare(port, { warmUp, ...span }) {
      const callers = makeCallers(writers, port, repository)
      const blobs = Array.from({ length: 2 }, blobMaker(1024))
      for (const blob of blobs) await callers[0].pushBlob(blob)
      // A store that is measured again has tags of the last time.
      const prefix = `build-${Date.now().toString(36)}`
      let number = 0
      const make = () => {
        const tag = `${prefix}-${number++}`
        return { tag, manifest: imageManifest(blobs, tag) }
      }
      let last = make()
      const push = async (/** @type {Caller} */ caller, next = make()) => {
        await caller.pushManifest(next.tag, next.manifest)
        last = next
      }
      await repeatFor(warmUp, callers, (caller) => push(caller))
      const made = Array.from({ length: span.operations ?? span.seconds * 8000 }, make)
      return {
        run: () => repeatFor(span, callers, (caller) => push(caller, made.pop())),
        async check() {
          const answer = await callers[0].manifestReader('GET', last.tag, last.manifest)()
          if (!answer.head.includes(last.manifest.digest))
            throw new Error('another manifest came back')
        },
      }
    },
  }
}
