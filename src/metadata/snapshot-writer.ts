import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import { crc32, crcStart, crcText } from './crc32.ts'
import { encodeEffect } from './effect-text.ts'
import type { Effect } from './effects.ts'
import type { Repository } from './repository.ts'
import { headerLine, type SnapshotHeader, trailerEnd, trailerHead } from './snapshot.ts'
import type { SortedNames } from './sorted-names.ts'
import type { State } from './state.ts'

/** Characters gathered before they are handed over. */
const chunkLength = 64 * 1024
/** How long others wait for a slice at most, in milliseconds, give or take one chunk. */
const sliceMs = 4
/** Names taken from a sorted list at once. */
const stride = 256

const encoder = new TextEncoder()

/**
 * Writes the state as a snapshot, in slices, while it goes on changing: a fact that does not change
 * meanwhile is written once; one that does is in the journal, and replaying that puts it right.
 *
 * @param settled waits until all that was applied is durable, and returns its sequence
 * @throws whatever `settled` throws: the snapshot is then good for nothing
 */
export async function* writeSnapshot(
  state: State,
  header: SnapshotHeader,
  settled: () => Promise<number>,
): AsyncGenerator<Uint8Array> {
  let crc = crcStart
  let text = headerLine(header)
  let count = 0
  let sliceStart = performance.now()
  const encode = (): Uint8Array => {
    const bytes = encoder.encode(text)
    crc = crc32(bytes, crc)
    text = ''
    return bytes
  }
  for (const effect of effectsOf(state)) {
    text += `${encodeEffect(effect)},\n`
    count += 1
    if (text.length < chunkLength) continue
    yield encode()
    if (performance.now() - sliceStart < sliceMs) continue
    await nextTurn()
    sliceStart = performance.now()
  }
  text += trailerHead({ count, through: await settled() })
  yield encode()
  text = `${crcText(crc)}${trailerEnd}`
  yield encode()
}

/**
 * The state as effects. Within a repository manifests stand first, so that on reading links that
 * are named never wait for collection and tags share the digest of their manifest. Orphans stand
 * last: what becomes one while this runs was written as a link, or is one by then.
 */
function* effectsOf(state: State): Generator<Effect> {
  for (const name of namesOf(state.repositoryNames)) {
    const repository = state.repositories.get(name)
    if (repository !== undefined) yield* effectsOfRepository(name, repository)
  }
  for (const { ref } of state.orphans) if (ref !== null) yield { kind: 'hold', blob: ref }
}

function* effectsOfRepository(name: RepositoryName, repository: Repository): Generator<Effect> {
  yield { kind: 'repository', repository: name }
  for (const record of repository.manifests.values()) {
    yield { kind: 'manifest', repository: name, record }
  }
  for (const { holding } of repository.links.values()) {
    if (holding?.ref) yield { kind: 'link', repository: name, blob: holding.ref }
  }
  for (const [digest, tags] of repository.tagsOf) {
    for (const group of groupsOf(tags)) {
      yield { kind: 'tag', repository: name, digest, tags: group }
    }
  }
}

/** A set that may change meanwhile, cut into groups that make lines of a decent length. */
function* groupsOf(tags: ReadonlySet<Tag>): Generator<readonly Tag[]> {
  let group: Tag[] = []
  for (const tag of tags) {
    group.push(tag)
    if (group.length < stride) continue
    yield group
    group = []
  }
  if (group.length > 0) yield group
}

/** The names of a list that may change meanwhile. */
function* namesOf<T extends string>(names: SortedNames<T>): Generator<T> {
  let after: T | undefined
  let more = true
  while (more) {
    const page = names.page(after, stride)
    yield* page.items
    after = page.items.at(-1)
    more = page.more
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0)
  })
}
