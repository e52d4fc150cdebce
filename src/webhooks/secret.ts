/** A text that no log, list or error shows: turned into text or JSON by accident, it says nothing. */
export class Secret {
  readonly #text: string

  /** @param text what it keeps */
  constructor(text: string) {
    this.#text = text
  }

  /** The text, for the one place that needs it. */
  reveal(): string {
    return this.#text
  }

  /** Whether both keep the same. Not for what a caller guesses: it takes as long as it takes. */
  equals(other: Secret): boolean {
    return this.#text === other.#text
  }

  toString(): string {
    return '(secret)'
  }

  toJSON(): string {
    return '(secret)'
  }
}
