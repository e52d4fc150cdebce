import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import { crc32, crcStart, crcText } from './crc32.ts'
import { encodeEffect } from './effect-encoder.ts'
import type { Effect } from './effects.ts'
import { idAfter } from './entry-ids.ts'
import { namesAfter } from './name-list.ts'
import { entryPage } from './outbox-pages.ts'
import type { QueuedEntry } from './outbox-queue.ts'
import type { OutboxState } from './outbox-state.ts'
import type { Repository } from './repository.ts'
import { headerLine, type SnapshotHeader, trailerEnd, trailerHead } from './snapshot.ts'
import type { SortedNames } from './sorted-names.ts'
import type { State } from './state.ts'
import type { StoredManifest } from './stored-manifest.ts'
import type { Trash } from './trash.ts'
import { effectsOfEntry } from './written-trash.ts'

/** Characters gathered before they are handed over, where nothing else is said. */
const defaultChunk = 64 * 1024
/** Names taken from a sorted list at once. */
const stride = 256

const encoder = new TextEncoder()

/**
 * Writes the state as a snapshot while it goes on changing between the chunks: a fact that does not change
 * meanwhile is written once; one that does is in the journal, and replaying that puts it right.
 *
 * @param now the store's own time, in milliseconds
 * @param settled waits until all that was applied is durable, and returns its sequence
 * @param chunkLength characters gathered before they are handed over
 * @throws whatever `settled` throws: the snapshot is then good for nothing
 */
export async function* writeSnapshot(
  state: State,
  header: SnapshotHeader,
  now: number,
  settled: () => Promise<number>,
  chunkLength: number = defaultChunk,
): AsyncGenerator<Uint8Array> {
  const text = new SnapshotText(header, chunkLength)
  const named = effectsOf(state, now)
  for (const effect of named) {
    text.add(effect)
    if (text.isLong) yield text.take()
  }
  // What was deleted before this began is in the trash, with the times of its tags, or about to be condemned. What
  // is deleted from here on was written above, and its entry follows from the journal.
  await state.leftovers.done()
  for (const effect of effectsOfTrash(state.trash)) {
    text.add(effect)
    if (text.isLong) yield text.take()
  }
  for (const effect of effectsOfOutbox(state.outbox)) {
    text.add(effect)
    if (text.isLong) yield text.take()
  }
  // All that was deleted for good is to be among the condemned by now.
  await state.leftovers.done()
  for (const effect of effectsOfHoldings(state)) {
    text.add(effect)
    if (text.isLong) yield text.take()
  }
  yield* text.end(await settled())
}

/** Gathers lines, and counts and checks them. */
class SnapshotText {
  #crc: number = crcStart
  #text: string
  #count = 0
  readonly #chunkLength: number

  constructor(header: SnapshotHeader, chunkLength: number) {
    this.#text = headerLine(header)
    this.#chunkLength = chunkLength
  }

  /** Whether there is enough to be handed over. */
  get isLong(): boolean {
    return this.#text.length >= this.#chunkLength
  }

  add(effect: Effect): void {
    this.#text += `${encodeEffect(effect)},\n`
    this.#count += 1
  }

  take(): Uint8Array {
    const bytes = encoder.encode(this.#text)
    this.#crc = crc32(bytes, this.#crc)
    this.#text = ''
    return bytes
  }

  /** The last line. */
  *end(through: number): Generator<Uint8Array> {
    this.#text += trailerHead({ count: this.#count, through })
    yield this.take()
    yield encoder.encode(`${crcText(this.#crc)}${trailerEnd}`)
  }
}

/**
 * What is in repositories, as effects. Within a repository manifests stand first, so that on reading
 * links that are named never wait for collection.
 */
function* effectsOf(state: State, now: number): Generator<Effect> {
  yield { kind: 'time', now }
  // No entry has it yet, and no later one may have it.
  const { last } = state.trash.numbers
  if (last !== null) yield { kind: 'untrash', id: last }
  const message = state.outbox.numbers.last
  if (message !== null) yield { kind: 'unmessage', ids: [message] }
  if (state.pullsSince !== null) yield { kind: 'pulls', since: state.pullsSince }
  for (const name of namesOf(state.repositoryNames)) {
    const repository = state.repositories.get(name)
    if (repository !== undefined) yield* effectsOfRepository(name, repository)
  }
}

/** What is in the trash by now. */
function* effectsOfTrash(trash: Trash): Generator<Effect> {
  const { last } = trash.ids
  for (const id of namesOf(trash.ids)) {
    if (last === undefined || id > last) return
    const entry = trash.get(id)
    if (entry === undefined) continue
    yield* effectsOfEntry(entry)
    if (entry.content.kind !== 'repository') continue
    yield* effectsOfRepository(entry.name, entry.content.repository)
    yield { kind: 'trashed', id }
  }
}

/**
 * What waits by now, and the dead letters. Those of one message stand together where they still can, so that its text is
 * written once.
 */
function* effectsOfOutbox(outbox: OutboxState): Generator<Effect> {
  const { last } = outbox.numbers
  let after: string | undefined
  let more = last !== null
  while (more) {
    const page = entryPage(outbox, { limit: stride, ...(after === undefined ? {} : { after }) })
    yield* effectsOfMessages(page.items)
    after = page.items.at(-1)?.id ?? after
    // What came since this began is in the journal.
    more = page.more && last !== null && (after ?? '') < last
  }
}

function* effectsOfMessages(entries: readonly QueuedEntry[]): Generator<Effect> {
  for (let at = 0; at < entries.length; ) {
    const first = entries[at] as QueuedEntry
    const { id, message } = first
    let count = 1
    for (; at + count < entries.length; count += 1) {
      const next = entries[at + count] as QueuedEntry
      if (next.message !== message || next.id !== idAfter(id, count)) break
    }
    const together = entries.slice(at, at + count)
    at += count
    const { repository, queuedAt, text } = message
    const endpoints = together.map(({ queue }) => queue.endpoint)
    yield { kind: 'message', id, repository, queuedAt, endpoints, text }
    for (const { id, isDead, tries, error } of together) {
      if (isDead) yield { kind: 'dead', id, tries, error: error ?? '' }
    }
  }
}

/** What is known of bytes beside that; what is named by then was written before. */
function* effectsOfHoldings({ holdings }: State): Generator<Effect> {
  for (const blob of holdings.condemned.values()) yield { kind: 'stored', blob }
  for (const { digest, ref } of holdings.missing) yield { kind: 'missing', digest, key: ref.key }
}

function* effectsOfRepository(name: RepositoryName, repository: Repository): Generator<Effect> {
  const { pushedAt } = repository
  yield { kind: 'repository', repository: name, ...(pushedAt === 0 ? {} : { pushedAt }) }
  for (const digest of namesOf(repository.manifestNames)) {
    const manifest = repository.manifests.get(digest)
    if (manifest !== undefined) yield* effectsOfManifest(name, repository, manifest)
  }
  for (const digest of namesOf(repository.blobNames)) {
    const link = repository.links.get(digest)
    if (!link?.holding) continue
    const { holding, keepUntil } = link
    yield { kind: 'link', repository: name, blob: holding.ref, keepUntil }
  }
}

function* effectsOfManifest(
  name: RepositoryName,
  repository: Repository,
  manifest: StoredManifest,
): Generator<Effect> {
  const { digest, record } = manifest
  if (record === null) return
  yield { kind: 'manifest', repository: name, record, keepUntil: 0 }
  let after: Tag | undefined
  do {
    const names = namesAfter(manifest.tags, after, stride)
    after = names.length < stride ? undefined : names.at(-1)
    const tags: Tag[] = []
    const times: number[] = []
    for (const tag of names) {
      const entry = repository.tags.entry(tag)
      if (entry?.target !== manifest || manifest.holding === null) continue
      tags.push(tag)
      times.push(entry.updatedAt)
    }
    if (tags.length > 0) yield { kind: 'tag', repository: name, digest, tags, times }
  } while (after !== undefined)
}

/** The names of a list that may change meanwhile. */
function* namesOf<T extends string>(names: SortedNames<T>): Generator<T> {
  let after: T | undefined
  let more = true
  while (more) {
    const page = names.page(after, stride)
    yield* page.items
    after = page.items.at(-1) ?? after
    more = page.more
  }
}
