import type { KeyStore } from '../../../src/access/index.ts'
import { CliError, exitCodes } from '../exit.ts'

/** The name of the document, beside the names, that says how far a restore is. */
export const restoreNote = 'restore'

/** Says of names, where a restore puts them one after the other, that they are not all there yet. */
export class HalfRestored {
  readonly #store: KeyStore

  /** @param store a document beside the names */
  constructor(store: KeyStore) {
    this.#store = store
  }

  async isUnderWay(): Promise<boolean> {
    const text = await this.#store.read()
    if (text === null) return false
    try {
      return (JSON.parse(text) as { readonly state?: unknown }).state === 'under way'
    } catch {
      return false
    }
  }

  /** Notes that a restore begins, before its first name is there. */
  async begin(): Promise<void> {
    await this.#write('under way')
  }

  /** Notes that all of it is there. */
  async end(): Promise<void> {
    await this.#write('whole')
  }

  async #write(state: string): Promise<void> {
    const text = `${JSON.stringify({ state })}\n`
    if (await this.#store.replace(await this.#store.read(), text)) return
    throw new CliError(exitCodes.problem, ['another restore to the same place is under way'])
  }
}

/** @throws CliError where names are half restored: what is not there yet would count as deleted. */
export async function expectRestored(store: KeyStore, place: string): Promise<void> {
  if (!(await new HalfRestored(store).isUnderWay())) return
  throw new CliError(exitCodes.problem, [
    `${place}: is only half restored: run the same layerdock restore again, and it goes on`,
  ])
}
