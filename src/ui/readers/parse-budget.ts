/** In steps of {@link parseSteps}. */
export interface ParseLimits {
  readonly ofOne: number
  readonly ofView: number
}

/** A manifest of a thousand layers has some 10,000. */
const ofManifests: ParseLimits = { ofOne: 200_000, ofView: 600_000 }
/** An SBOM of 14,000 packages with their properties has some 800,000 in 4 MiB. */
export const ofDocuments: ParseLimits = { ofOne: 850_000, ofView: 850_000 }

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

/** Whether a view may parse a document: `later` where this view has parsed enough, `never` where none may. */
export type ParseVerdict = 'now' | 'later' | 'never'

/**
 * How much one view parses. Bytes alone do not bound that: four megabytes of text are read in 10 ms, and as many of empty
 * lists in 150 ms.
 */
export class ParseBudget {
  readonly #mostOfOne: number
  #left: number

  /** @param limits in steps, of one document and of all for a view. Default: those of manifests and configs. */
  constructor({ ofOne, ofView }: ParseLimits = ofManifests) {
    this.#mostOfOne = ofOne
    this.#left = ofView
  }

  /** Whether a document may be parsed; where it may, what it costs counts from now on. */
  judge(bytes: Uint8Array): ParseVerdict {
    const steps = parseSteps(bytes, this.#mostOfOne)
    if (steps > this.#mostOfOne) return 'never'
    if (steps > this.#left) return 'later'
    this.#left -= steps
    return 'now'
  }

  /** Whether a document may be parsed now. */
  takes(bytes: Uint8Array): boolean {
    return this.judge(bytes) === 'now'
  }
}
