import type { NamedBytes, Page, PageRequest } from '../ports/metadata-store.ts'
import type { Holdings } from './holdings.ts'
import { NamedWindow } from './named-window.ts'
import { Steps } from './paced.ts'

/** Reads once nothing is on its way to disk. */
type WhenDurable = <T>(read: () => Promise<T>) => Promise<T>

/** All digests that are named, by digest, a window of them at a time. */
export class NamedList {
  readonly #holdings: Holdings
  readonly #most: number | undefined
  /** For the next pages of the list that was read last. */
  #window: NamedWindow | null = null

  /** @param most digests of a window */
  constructor(holdings: Holdings, most?: number) {
    this.#holdings = holdings
    this.#most = most
  }

  async page(
    { after = '', limit }: PageRequest,
    whenDurable: WhenDurable,
  ): Promise<Page<NamedBytes>> {
    const items: NamedBytes[] = []
    for (let last = after; ; ) {
      const window = this.#window?.covers(last) ? this.#window : await this.#look(last)
      const next = await whenDurable(async () => this.#read(window, last, limit, items))
      if (next.kind === 'page') return { items, more: next.more }
      last = next.after
    }
  }

  /** Adds what a window has to a page; where to go on, or that the page is full or the list at its end. */
  #read(
    window: NamedWindow,
    after: string,
    limit: number,
    items: NamedBytes[],
  ):
    | { readonly kind: 'page'; readonly more: boolean }
    | { readonly kind: 'next'; readonly after: string } {
    const { digests, more, end } = window.read(after, limit - items.length)
    for (const digest of digests) {
      const holding = this.#holdings.get(digest)
      if (holding === undefined) continue
      const { ref, isMissing } = holding
      items.push({ ...ref, isMissing })
    }
    if (items.length >= limit) return { kind: 'page', more: more || end !== null }
    if (more) return { kind: 'next', after: digests.at(-1) ?? after }
    if (end !== null) return { kind: 'next', after: end }
    this.#forget()
    return { kind: 'page', more: false }
  }

  /** Looks through all digests for those of the window after `after`. */
  async #look(after: string): Promise<NamedWindow> {
    const { windows } = this.#holdings
    const window = new NamedWindow(after, this.#most)
    windows.add(window)
    const steps = new Steps()
    try {
      for (const { digest } of this.#holdings.values()) {
        window.note(digest)
        if (steps.isOver()) await steps.rest()
      }
    } catch (error) {
      windows.delete(window)
      throw error
    }
    this.#forget()
    this.#window = window
    return window
  }

  #forget(): void {
    if (this.#window !== null) this.#holdings.windows.delete(this.#window)
    this.#window = null
  }
}
