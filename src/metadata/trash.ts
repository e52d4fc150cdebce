import type { RepositoryName } from '../oci/repository-name.ts'
import { EntryIds } from './entry-ids.ts'
import type { Holdings } from './holdings.ts'
import { LeaseQueue } from './lease-queue.ts'
import type { Leftovers } from './leftovers.ts'
import type { Links } from './links.ts'
import { SortedNames } from './sorted-names.ts'
import type { Trace } from './trace.ts'
import { heldBy, type StoredEntry } from './trash-entries.ts'

/** What was deleted and can be brought back. Changed by the state alone. */
export class Trash {
  /** The ids of all entries: the oldest first. */
  readonly ids: SortedNames<string> = new SortedNames()
  /** By the end of their time. */
  readonly due: LeaseQueue<StoredEntry> = new LeaseQueue()
  readonly numbers: EntryIds = new EntryIds()
  readonly #entries: Map<string, StoredEntry> = new Map()
  readonly #ofRepositories: Map<RepositoryName, SortedNames<string>> = new Map()
  readonly #holdings: Holdings
  readonly #links: Links
  readonly #leftovers: Leftovers

  constructor(holdings: Holdings, links: Links, leftovers: Leftovers) {
    this.#holdings = holdings
    this.#links = links
    this.#leftovers = leftovers
  }

  /** How many entries there are. */
  get size(): number {
    return this.#entries.size
  }

  has(id: string): boolean {
    return this.#entries.has(id)
  }

  get(id: string): StoredEntry | undefined {
    return this.#entries.get(id)
  }

  values(): IterableIterator<StoredEntry> {
    return this.#entries.values()
  }

  /** The ids of a repository's entries; undefined where there are none. */
  idsOf(name: RepositoryName): SortedNames<string> | undefined {
    return this.#ofRepositories.get(name)
  }

  /** Takes an entry in, which from then on keeps its bytes. */
  add(entry: StoredEntry, trace: Trace | null): void {
    this.numbers.note(entry.id)
    this.#putIn(entry)
    trace?.undo(() => {
      this.#takeOut(entry)
      if (entry.content.kind === 'repository') this.#links.unpark(entry.content.parked)
    })
  }

  /** Ends an entry: what nothing else names is condemned. */
  end(entry: StoredEntry, trace: Trace | null): void {
    this.#takeOut(entry)
    trace?.undo(() => this.#putIn(entry))
    for (const holding of heldBy(entry.content)) this.#holdings.settle(holding, trace)
    const { content } = entry
    if (content.kind === 'repository') this.#leftovers.addRepository(content.repository, trace)
  }

  /** Takes a repository out of the trash, whole. The caller puts it back in its place. */
  release(entry: StoredEntry, trace: Trace | null): void {
    this.#takeOut(entry)
    trace?.undo(() => this.#putIn(entry))
    const { content } = entry
    if (content.kind === 'repository') this.#leftovers.addParked(content.parked)
  }

  #putIn(entry: StoredEntry): void {
    const { id, name, content } = entry
    this.#entries.set(id, entry)
    this.ids.insert(id)
    let own = this.#ofRepositories.get(name)
    if (own === undefined) {
      own = new SortedNames()
      this.#ofRepositories.set(name, own)
    }
    own.insert(id)
    this.due.add(entry)
    for (const holding of heldBy(content)) holding.entries += 1
    if (content.kind === 'repository') content.repository.trashed = content
  }

  #takeOut(entry: StoredEntry): void {
    const { id, name, content } = entry
    this.#entries.delete(id)
    this.ids.delete(id)
    const own = this.#ofRepositories.get(name)
    own?.delete(id)
    if (own?.size === 0) this.#ofRepositories.delete(name)
    this.due.remove(entry)
    for (const holding of heldBy(content)) holding.entries -= 1
    if (content.kind === 'repository') content.repository.trashed = null
  }
}
