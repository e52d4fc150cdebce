/** Characters of an id: enough for milliseconds of the next thousand years. */
const length = 9
const grammar: RegExp = /^[0-9a-z]{9}$/

/**
 * Numbers the entries of the trash, or of the outbox. An id is about the moment it was given, so that the older sorts
 * first, and higher than every id that was seen: a journal that is replayed over a later snapshot must not take one
 * entry for another.
 */
export class EntryIds {
  #last = 0

  /**
   * The next id, at a moment in milliseconds since the epoch.
   *
   * @param count how many ids are taken; those after it follow one by one ({@link idAfter})
   */
  next(time: number, count: number = 1): string {
    const id = Math.max(this.#last + 1, Math.floor(time))
    this.#last = id + count - 1
    return textOf(id)
  }

  /** The highest id that was seen; null before the first. */
  get last(): string | null {
    return this.#last === 0 ? null : textOf(this.#last)
  }

  /** An id that was read. */
  note(id: string): void {
    this.#last = Math.max(this.#last, numberOf(id))
  }
}

/** The id that is `steps` after another. */
export function idAfter(id: string, steps: number): string {
  return steps === 0 ? id : textOf(numberOf(id) + steps)
}

/** The number that an id stands for. */
export function numberOf(id: string): number {
  return Number.parseInt(id, 36)
}

/** Whether a text is an id. */
export function isEntryId(value: unknown): value is string {
  return typeof value === 'string' && grammar.test(value)
}

function textOf(id: number): string {
  return id.toString(36).padStart(length, '0')
}
