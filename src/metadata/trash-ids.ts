/** Characters of an id: enough for milliseconds of the next thousand years. */
const length = 9
const grammar: RegExp = /^[0-9a-z]{9}$/

/**
 * Numbers the entries of the trash. An id is about the moment of its deletion, so that the older sorts first, and
 * higher than every id that was seen: a journal that is replayed over a later snapshot must not take one entry for
 * another.
 */
export class TrashIds {
  #last = 0

  /** The next id, at a moment in milliseconds since the epoch. */
  next(time: number): string {
    this.#last = Math.max(this.#last + 1, Math.floor(time))
    return textOf(this.#last)
  }

  /** The highest id that was seen; null before the first. */
  get last(): string | null {
    return this.#last === 0 ? null : textOf(this.#last)
  }

  /** An id that was read. */
  note(id: string): void {
    this.#last = Math.max(this.#last, Number.parseInt(id, 36))
  }
}

/** Whether a text is an id. */
export function isTrashId(value: unknown): value is string {
  return typeof value === 'string' && grammar.test(value)
}

function textOf(id: number): string {
  return id.toString(36).padStart(length, '0')
}
