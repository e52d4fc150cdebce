import { makeCallers } from '../caller.mjs'
import { largeNames } from '../seed.mjs'
import { repeatFor } from '../timing.mjs'
import { largeManifestPush } from './manifest-push.mjs'

/** @import { TableScenario } from '../types.ts' */

const clients = 8
const page = 1000

/**
 * @param {string} id
 * @param {string} title
 * @param {string} path
 * @param {(document: any) => readonly unknown[]} entriesOf
 * @returns {TableScenario<{ seconds: number, operations?: number, warmUp: number }>}
 */
function scenario(id, title, path, entriesOf) {
  return {
    id,
    title: () => `${title}, ${clients} clients`,
    unit: 'entries/s',
    sizes: { full: { seconds: 3, warmUp: 1 }, quick: { seconds: 1, warmUp: 0.5 } },
    async prepare(port, { warmUp, ...span }) {
      const callers = makeCallers(clients, port, largeNames.repository)
      const [first] = callers
      /** @type {Buffer[]} */
      const pieces = []
      await first.get(path, (bytes) => pieces.push(Buffer.from(bytes)))
      const entries = entriesOf(JSON.parse(Buffer.concat(pieces).toString()))
      // A registry that holds less, or cuts its pages, has a shorter one.
      if (entries.length === 0) throw new Error('the page is empty')
      await repeatFor(warmUp, callers, (caller) => caller.get(path))
      return {
        async run() {
          const timed = await repeatFor(span, callers, (caller) => caller.get(path))
          return { ...timed, entries: timed.times.length * entries.length }
        },
        check: async () => {},
      }
    },
  }
}

/**
 * What is measured on a server whose store was filled by seed.mjs.
 * @type {readonly TableScenario[]}
 */
export const largeScenarios = [
  scenario(
    'tags-page',
    'a page of 1,000 tags from the middle of all',
    `/v2/${largeNames.repository}/tags/list?n=${page}&last=${largeNames.middleTag}`,
    ({ tags }) => tags,
  ),
  scenario(
    'catalog-page',
    'a page of 1,000 repositories from the middle of all',
    `/v2/_catalog?n=${page}&last=${largeNames.middleRepository}`,
    ({ repositories }) => repositories,
  ),
  scenario(
    'referrers-page',
    'the 1,000 referrers of a manifest',
    `/v2/${largeNames.repository}/referrers/${largeNames.subject.digest}`,
    ({ manifests }) => manifests,
  ),
  largeManifestPush,
]
