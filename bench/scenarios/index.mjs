import { pullEight, pullOne, pullRedirected } from './large-pull.mjs'
import { pushChunked, pushFour, pushMany, pushWithLength } from './large-push.mjs'
import { largeScenarios } from './large-store.mjs'
import { manifestPush } from './manifest-push.mjs'
import {
  manifestGet,
  manifestGetLogged,
  manifestGetSecure,
  manifestHead,
} from './manifest-read.mjs'
import { mixed } from './mixed.mjs'
import { slowReaders } from './slow-readers.mjs'
import { smallBlobPatch, smallBlobPost, smallBlobPush } from './small-blob-push.mjs'
import { blobHead, smallBlobGet } from './small-blob-read.mjs'
import { wholeImage, wholeImageDocker } from './whole-image.mjs'

/** @import { Scenario, TableScenario } from '../types.ts' */

/**
 * The scenarios of the table, in the order in which they are measured.
 * @type {readonly TableScenario[]}
 */
export const scenarios = [
  manifestGet,
  manifestHead,
  manifestGetLogged,
  manifestGetSecure,
  smallBlobGet,
  blobHead,
  smallBlobPush,
  smallBlobPatch,
  smallBlobPost,
  manifestPush,
  wholeImage,
  wholeImageDocker,
  mixed,
  pushWithLength,
  pushChunked,
  pushFour,
  pushMany,
  pullOne,
  pullEight,
]

/**
 * The scenario of this id, of the table or not.
 * @param {string} id
 * @returns {Scenario}
 * @throws {Error} that names them all, when there is none
 */
export function findScenario(id) {
  const others = [slowReaders, pullRedirected, ...largeScenarios]
  return others.find((one) => one.id === id) ?? findTableScenario(id)
}

/**
 * The scenario of the table with this id.
 * @param {string} id
 * @returns {TableScenario}
 * @throws {Error} that names them all, when there is none
 */
export function findTableScenario(id) {
  const found = scenarios.find((scenario) => scenario.id === id)
  if (found !== undefined) return found
  const ids = scenarios.map((scenario) => scenario.id).join(', ')
  throw new Error(`no scenario is called ${id}; there are ${ids}`)
}
