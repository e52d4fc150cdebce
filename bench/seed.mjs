// Fills a store over HTTP: a repository of many manifests and tags, many repositories, many referrers.

import { createHash } from 'node:crypto'
import { makeCallers } from './caller.mjs'
import { indexManifest } from './content.mjs'

/** @import { Caller } from './caller.mjs' */

/**
 * @typedef {object} Contents how many there are of each
 * @property {number} referrers
 * @property {number} repositories
 * @property {number} manifests in one repository
 * @property {number} tags on them
 */

/** The names that scenarios use, whatever the store's size. */
export const largeNames = {
  repository: 'bench/large',
  middleTag: 't-80000000',
  middleRepository: 'bench/r-80000000',
  /** What all referrers refer to. */
  subject: indexManifest('the subject'),
}

const writers = 64

/**
 * Fills a server, as far as it gets. A registry that takes several tags in one push is given `tagsEach`.
 * @param {number} port
 * @param {Omit<Contents, 'tags'> & { seconds: number, tagsEach: number }} wanted
 * @param {(line: string) => void} progress
 * @returns {Promise<Contents>} what it holds
 */
export async function seed(port, wanted, progress) {
  const { repository, subject } = largeNames
  const callers = makeCallers(writers, port, repository)
  const end = performance.now() + wanted.seconds * 1000
  const shareOf = (/** @type {number} */ share) => {
    const now = performance.now()
    return now + Math.max(0, end - now) * share
  }
  await callers[0].pushManifest(subject.digest, subject)
  const referrers = await repeat(callers, wanted.referrers, shareOf(0.25), (caller, at) => {
    const referrer = indexManifest(`referrer ${at}`, subject)
    return caller.pushManifest(referrer.digest, referrer)
  })
  progress(`${referrers} referrers`)
  const repositories = await repeat(callers, wanted.repositories, shareOf(0.33), (caller, at) => {
    const manifest = indexManifest('the same for all')
    return caller.pushManifest('latest', manifest, `bench/r-${spread(at)}`)
  })
  progress(`${repositories} repositories`)
  const { tagsEach } = wanted
  const manifests = await repeat(callers, wanted.manifests, end, (caller, at) => {
    const manifest = indexManifest(`manifest ${at}`)
    const tags = Array.from({ length: tagsEach }, (_, n) => `t-${spread(at * tagsEach + n)}`)
    if (tags.length === 1) return caller.pushManifest(tags[0] ?? '', manifest)
    return caller.pushManifest(`${manifest.digest}?tag=${tags.join('&tag=')}`, manifest)
  })
  progress(`${manifests} manifests, ${manifests * tagsEach} tags`)
  for (const caller of callers) caller.close()
  return { referrers, repositories, manifests, tags: manifests * tagsEach }
}

/**
 * The middle of all for 0, and for the others anything, so that any number of them are spread evenly.
 * @param {number} at
 */
export function spread(at) {
  if (at === 0) return '80000000'
  return createHash('md5').update(`${at}`).digest('hex').slice(0, 8)
}

/**
 * @param {readonly Caller[]} callers
 * @param {number} count
 * @param {number} until an instant of `performance.now()`
 * @param {(caller: Caller, at: number) => Promise<void>} push
 * @returns {Promise<number>} how many were pushed
 */
async function repeat(callers, count, until, push) {
  let begun = 0
  await Promise.all(
    callers.map(async (caller) => {
      while (begun < count && performance.now() < until) await push(caller, begun++)
    }),
  )
  return begun
}
