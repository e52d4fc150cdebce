// What a server allocated, from the lines that its runtime writes for each garbage collection.

// The size of the heap before and after each: text in Node's version of V8, JSON in Deno's. What V8 itself
// calls allocated goes on from an earlier collection while it marks.
const before = /\b(?:total_size_before=|start_object_size":)(\d+)/
const after = /\b(?:total_size_after=|end_object_size":)(\d+)/

/**
 * The bytes that were allocated on V8's heap between the first and the last of the collections that `text`
 * tells of, the log of a server started as its variant `trace-gc`; and how many collections that were.
 * @param {string} text
 * @returns {{ bytes: number, collections: number }}
 */
export function allocatedBytes(text) {
  let bytes = 0
  let collections = 0
  /** @type {number | null} */
  let left = null
  for (const line of text.split('\n')) {
    const from = before.exec(line)?.[1]
    const to = after.exec(line)?.[1]
    if (from === undefined || to === undefined) continue
    // Sweeping goes on between collections, so that a heap may have shrunk.
    if (left !== null) bytes += Math.max(0, Number(from) - left)
    if (left !== null) collections++
    left = Number(to)
  }
  return { bytes, collections }
}
