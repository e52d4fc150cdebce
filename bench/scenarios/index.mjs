import { pullEight, pullOne } from './large-pull.mjs'
import { pushChunked, pushFour, pushWithLength } from './large-push.mjs'
import { manifestPush } from './manifest-push.mjs'
import { manifestGet, manifestHead } from './manifest-read.mjs'
import { slowReaders } from './slow-readers.mjs'
import { smallBlobPush } from './small-blob-push.mjs'
import { wholeImage } from './whole-image.mjs'

/**
 * The roads, in the order in which they are measured. A road has an `id`, the `unit` of its
 * rate (operations or megabytes a second), its `sizes`, the `title(size)` of its table, and `prepare(port, size)`: everything
 * that must not be timed, a warm-up included, after which it resolves with
 * `run()`, which resolves with `{ times, seconds, bytes? }`, and
 * `check()`, which throws where bytes are wrong that nobody looked at while the clock ran.
 */
export const roads = [
  manifestGet,
  manifestHead,
  smallBlobPush,
  manifestPush,
  wholeImage,
  pushWithLength,
  pushChunked,
  pushFour,
  pullOne,
  pullEight,
]

/** The road of this id. Throws an Error that names them all where there is none. */
export function findRoad(id) {
  const road = [...roads, slowReaders].find((candidate) => candidate.id === id)
  if (road === undefined) {
    throw new Error(`no road is called ${id}; there are ${roads.map((each) => each.id).join(', ')}`)
  }
  return road
}
