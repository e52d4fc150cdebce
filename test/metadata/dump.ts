import type { Holding } from '../../src/metadata/holdings.ts'
import { namesAfter } from '../../src/metadata/name-list.ts'
import type { Link, Repository } from '../../src/metadata/repository.ts'
import type { State } from '../../src/metadata/state.ts'
import { recordFrom } from '../../src/metadata/stored-manifest.ts'
import { heldBy, type StoredEntry } from '../../src/metadata/trash-entries.ts'
import { dumpOutbox, outboxMiscounts } from './dump-outbox.ts'
import { digests } from './samples.ts'

/** The ends of leases, by repository and digest. */
export function leasesOf(state: State): Map<string, number> {
  const leases = new Map<string, number>()
  const note = (place: string, { links }: Repository): void => {
    for (const { digest, holding, keepUntil } of links.values()) {
      if (holding !== null) leases.set(`${place} ${digest}`, keepUntil)
    }
  }
  for (const repository of state.repositories.values()) note(repository.name, repository)
  for (const { id, content } of state.trash.values()) {
    if (content.kind === 'repository') note(id, content.repository)
  }
  return leases
}

/** Everything in a state, in an order of its own; the ends of leases where they are asked for. */
export function dump(state: State, leases = true): unknown {
  return {
    now: state.now,
    pullsSince: state.pullsSince,
    names: state.repositoryNames.page(undefined, 100).items,
    empty: [...state.emptyRepositories].map(({ name }) => name).sort(),
    repositories: sorted(state.repositories.values(), ({ name }) => name).map((repository) =>
      dumpRepository(repository, leases),
    ),
    entries: [...state.trash.values()].map((entry) => dumpEntry(entry, leases)),
    entryIds: state.trash.ids.page(undefined, 100).items,
    entriesDue: state.trash.due.size,
    holdings: sorted(state.holdings.values(), ({ digest }) => digest).map((holding) => ({
      digest: holding.digest,
      ref: holding.ref,
      readable: holding.readable,
      links: linksOf(holding)
        .map(({ repository }) => repository.name)
        .sort(),
      records: holding.records,
      entries: holding.entries,
    })),
    condemned: sorted(state.holdings.condemned.values(), ({ key }) => key),
    condemnedKeys: [...state.holdings.condemned.keys()].sort(),
    missing: [...state.holdings.missing].map(({ digest }) => digest).sort(),
    leases: state.links.leases.size + parkedIn(state),
    isPending: state.leftovers.isPending,
    outbox: dumpOutbox(state.outbox),
  }
}

/** How many links are parked and do not wait. */
function parkedIn(state: State): number {
  const parked = [...state.trash.values()].flatMap(({ content }) =>
    content.kind === 'repository' ? [...content.parked] : [],
  )
  return parked.filter(({ holding, heapIndex }) => holding !== null && heapIndex === -1).length
}

function dumpRepository(repository: Repository, leases: boolean): unknown {
  return {
    name: repository.name,
    isDeleted: repository.isDeleted,
    bytes: repository.bytes,
    pushedAt: repository.pushedAt,
    links: sorted(repository.links.values(), ({ digest }) => digest).map((link) => ({
      digest: link.digest,
      ref: link.holding?.ref,
      references: link.references,
      keepUntil: link.holding === null || !leases ? null : link.keepUntil,
      waits: link.heapIndex !== -1 || repository.trashed?.parked.has(link) === true,
    })),
    blobs: repository.blobNames.page(undefined, 100).items,
    manifests: sorted(repository.manifests.values(), ({ digest }) => digest).map((manifest) => ({
      digest: manifest.digest,
      record: manifest.record,
      tags: namesAfter(manifest.tags, undefined, 100),
    })),
    manifestNames: repository.manifestNames.page(undefined, 100).items,
    tags: repository.tags.names.page(undefined, 100).items.map((tag) => ({
      tag,
      entry: repository.tags.get(tag)?.digest,
      updatedAt: repository.tags.entry(tag)?.updatedAt,
      stands: repository.tags.target(tag)?.digest,
    })),
    tagCount: repository.tags.count,
    leftovers: repository.tags.leftovers,
    referrers: sorted(repository.referrers.keys(), (subject) => subject).map((subject) => [
      subject,
      repository.referrers
        .get(subject)
        ?.page({ maxBytes: 1e9 }, (digest) => repository.manifests.get(digest)?.record ?? null)
        .items,
    ]),
  }
}

function dumpEntry(
  { id, name, deletedAt, keepUntil, content }: StoredEntry,
  leases: boolean,
): unknown {
  const entry = { id, name, deletedAt, keepUntil, kind: content.kind }
  switch (content.kind) {
    case 'tag':
      return { ...entry, content }
    case 'blob':
      return { ...entry, ref: content.holding.ref }
    case 'manifest': {
      const { holding, facts, times, taggedAt, blobs, manifests } = content
      const tags = namesAfter(content.tags, undefined, 100)
      const record = recordFrom(facts, holding.ref)
      const timed = tags.map((tag) => [tag, times.get(tag) ?? taggedAt])
      return { ...entry, record, tags: timed, blobs: blobs.map(({ ref }) => ref), manifests }
    }
    case 'repository':
      return { ...entry, repository: dumpRepository(content.repository, leases) }
  }
}

/** The links of a holding, followed forwards; those that lead back elsewhere are left out. */
export function linksOf(holding: Holding): readonly Link[] {
  const links: Link[] = []
  let previous: Link | null = null
  for (let link = holding.firstLink; link !== null; link = link.next) {
    if (link.previous === previous && link.holding === holding) links.push(link)
    previous = link
  }
  return links
}

/** What is counted in a state and does not fit what is there, in words. */
export function miscounts(state: State): string[] {
  const found: string[] = []
  const check = (what: string, counted: unknown, actual: unknown): void => {
    if (counted !== actual) found.push(`${what}: counted ${counted}, there are ${actual}`)
  }
  const entries = [...state.trash.values()]
  const trashed = entries.flatMap(({ content }) =>
    content.kind === 'repository' ? content.repository : [],
  )
  const all = [...state.repositories.values(), ...trashed]
  for (const repository of all) {
    const manifests = [...repository.manifests.values()]
    const named = manifests.flatMap(({ record }) => record?.references ?? [])
    for (const digest of digests) {
      const link = repository.links.get(digest)
      const references = named.filter((each) => each === digest).length
      check(`references to ${digest}`, link?.references ?? 0, references)
      const waits = Boolean(link?.holding) && references === 0
      const isParked = link !== undefined && repository.trashed?.parked.has(link) === true
      const isWaiting = link !== undefined && link.heapIndex !== -1
      check(`whether ${digest} waits`, isWaiting || isParked, waits)
      check(`whether ${digest} is listed`, repository.blobNames.has(digest), Boolean(link?.holding))
      const isKept = link === undefined || link.holding !== null || link.references > 0
      check(`whether ${digest} is of use`, isKept, true)
    }
    const reached = digests.filter(
      (digest) =>
        (repository.manifests.get(digest)?.record ?? null) !== null ||
        (repository.blobNames.has(digest) && named.includes(digest)),
    )
    const sizes = reached.map((digest) => state.holdings.get(digest)?.size ?? 0)
    check(
      'bytes',
      repository.bytes,
      sizes.reduce((sum, size) => sum + size, 0),
    )
    const recorded = manifests.filter(({ record }) => record !== null).length
    check('manifests', repository.manifestNames.size, recorded)
    const standing = [...repository.tags.keys()].filter((tag) => repository.tags.target(tag))
    check('tags', repository.tags.count, standing.length)
    check('listed tags', repository.tags.names.size, repository.tags.size)
    const isEmpty = repository.isEmpty && !repository.isDeleted
    check('emptiness', state.emptyRepositories.has(repository), isEmpty)
    check('whether it is deleted', repository.isDeleted, trashed.includes(repository))
  }
  for (const digest of digests) {
    const links = all.filter((repository) => repository.blobNames.has(digest)).length
    const records = all.filter((repository) => repository.manifestNames.has(digest)).length
    const holding = state.holdings.get(digest)
    check(`links of ${digest}`, holding === undefined ? 0 : linksOf(holding).length, links)
    check(`records of ${digest}`, holding?.records ?? 0, records)
    const kept = entries
      .flatMap(({ content }) => heldBy(content))
      .filter((each) => each === holding)
    const entriesOf = holding === undefined ? 0 : kept.length
    check(`entries of ${digest}`, holding?.entries ?? 0, entriesOf)
    check(`whether ${digest} is held`, holding !== undefined, links + records + entriesOf > 0)
    const isCondemned = holding !== undefined && state.holdings.condemned.has(holding.ref.key)
    check(`whether the key of ${digest} is condemned`, isCondemned, false)
    const isMissing = holding !== undefined && state.holdings.missing.has(holding)
    check(`whether ${digest} is missing`, isMissing, holding?.readable === null)
  }
  return [...found, ...outboxMiscounts(state.outbox)]
}

function sorted<T>(items: Iterable<T>, key: (item: T) => string): T[] {
  return [...items].sort((a, b) => (key(a) < key(b) ? -1 : 1))
}
