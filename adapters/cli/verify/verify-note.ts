import type { KeyStore } from '../../../src/access/index.ts'
import type { VerifySchedule, VerifyState } from '../../../src/kit.ts'

/** A JSON document in a note. One that cannot be read counts as none: a pass then starts over. */
export class VerifyNote<T> {
  readonly #store: KeyStore
  #text: string | null = null

  constructor(store: KeyStore) {
    this.#store = store
  }

  async load(): Promise<T | null> {
    this.#text = await this.#store.read()
    if (this.#text === null) return null
    try {
      return JSON.parse(this.#text) as T | null
    } catch {
      return null
    }
  }

  /** @throws Error where another node has written it since it was loaded. */
  async save(document: T | null): Promise<void> {
    const text = `${JSON.stringify(document)}\n`
    if (!(await this.#store.replace(this.#text, text))) {
      throw new Error('another node verifies the same')
    }
    this.#text = text
  }
}

/** Where a command was stopped, and what it was asked for. */
export interface StoppedVerify {
  readonly asked: string
  readonly savedAt: number
  readonly state: VerifyState
}

/** The note of a server's schedule. */
export function scheduleNote(note: (name: string) => KeyStore): VerifyNote<VerifySchedule> {
  return new VerifyNote(note('verify-schedule'))
}

/** The note of the command. */
export function commandNote(note: (name: string) => KeyStore): VerifyNote<StoppedVerify> {
  return new VerifyNote(note('verify-command'))
}
