/** Of one document. One of a thousand layers has some 10,000. */
const mostOfOne = 200_000
/** Of all documents for one view. */
const mostOfView = 600_000

/** Characters of JSON that stand for work of their own: each begins a value, a key or an escape, or parts two values. */
const laborious: Uint8Array = new Uint8Array(256)
for (const character of ',:[{\\') laborious[character.charCodeAt(0)] = 1

/**
 * What it costs to parse a document, in steps of some 50 ns: one for each mark of JSON in it, wherever that stands, and
 * one for every 16 bytes.
 *
 * @param most beyond that it is not counted on
 */
export function parseSteps(bytes: Uint8Array, most: number): number {
  let steps = bytes.byteLength >> 4
  for (let at = 0; at < bytes.length && steps <= most; at++) steps += laborious[bytes[at] ?? 0] ?? 0
  return steps
}

/**
 * How much one view parses. Bytes alone do not bound that: four megabytes of text are read in 10 ms, and as many of empty
 * lists in 150 ms.
 */
export class ParseBudget {
  #left = mostOfView

  /** Whether a document may be parsed; what it costs counts from now on. */
  takes(bytes: Uint8Array): boolean {
    const steps = parseSteps(bytes, mostOfOne)
    if (steps > mostOfOne || steps > this.#left) return false
    this.#left -= steps
    return true
  }
}

/** Whether no view parses a document. */
export function isTooLaborious(bytes: Uint8Array): boolean {
  return parseSteps(bytes, mostOfOne) > mostOfOne
}
