import fc from 'fast-check'
import type { Digest } from '../../src/oci/digest.ts'
import { RegistryError } from '../../src/oci/registry-error.ts'
import type { RepositoryName } from '../../src/oci/repository-name.ts'
import type { Tag } from '../../src/oci/tag.ts'
import type { BlobRef } from '../../src/ports/blob-store.ts'
import type {
  ManifestChange,
  MetadataStore,
  TagExpectation,
  Telling,
} from '../../src/ports/metadata-store.ts'
import type { Model } from './model.ts'
import { copies, lastCopy } from './observation.ts'
import { outboxOperations } from './operations-outbox.ts'
import { blobOf, digests, recordOf, repositories, subjects, tags } from './samples.ts'

/** One call, on a store and on the model, with an answer that is to be the same. */
export interface Operation {
  readonly name: string
  /** Whether others that are called at the same moment may be answered before or after it. */
  readonly outOfTurn?: true
  onStore(store: MetadataStore): Promise<unknown>
  onModel(model: Model): unknown
}

const repository: fc.Arbitrary<RepositoryName> = fc.constantFrom(...repositories)
const digest: fc.Arbitrary<Digest> = fc.constantFrom(...digests)
const tag: fc.Arbitrary<Tag> = fc.constantFrom(...tags)
const leaseMs: fc.Arbitrary<number> = fc.constantFrom(0, 10_000, 40_000)
const notSince = fc.constantFrom(undefined, 0, 5000, 1e9)
const mostBytes = fc.constantFrom(undefined, 0, 250, 1e6)
const trashMs = fc.constantFrom(undefined, 0, 10_000, 60_000)
const copy: fc.Arbitrary<number> = fc.integer({ min: 0, max: lastCopy })
const blob: fc.Arbitrary<BlobRef> = fc
  .tuple(digest, copy)
  .map(([digest, copy]) => blobOf(digest, copy))
const to = fc.constantFrom(undefined, undefined, ['east'], ['east', 'west'])
const some = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(of, { maxLength: 3 })
const unlessHas = fc.option(some(digest), { nil: undefined, freq: 1 })

const expected = fc.oneof(
  { arbitrary: fc.constant('any' as const), weight: 1 },
  { arbitrary: some(digest), weight: 3 },
)

const expectation: fc.Arbitrary<TagExpectation> = fc
  .record({
    tag: fc.option(tag),
    match: fc.option(expected, { nil: undefined, freq: 3 }),
    noneMatch: fc.option(expected, { nil: undefined, freq: 3 }),
  })
  .map(({ tag, ...conditions }) => ({ tag, ...definedOf(conditions) }))

const time = fc.integer({ min: 0, max: 5 })
const pulledAt = fc.constantFrom(0, 3_599_999, 3_600_000, 9_000_000)
const times = fc
  .record({
    pushedAt: time,
    updatedAt: fc.array(time, { minLength: 3, maxLength: 3 }),
    untaggedAt: fc.option(time, { nil: undefined, freq: 3 }),
    pulledAt: fc.option(pulledAt, { nil: undefined, freq: 3 }),
  })
  .map(({ pushedAt, updatedAt, ...usage }) => ({ pushedAt, updatedAt, ...definedOf(usage) }))

const change: fc.Arbitrary<ManifestChange> = fc
  .record({
    digest,
    copy,
    tags: some(tag),
    isFixed: fc.boolean(),
    references: some(digest),
    requires: some(fc.record({ digest, kind: fc.constantFrom('blob', 'manifest') })),
    strict: fc.boolean(),
    subject: fc.option(fc.constantFrom(...subjects), { nil: undefined }),
    artifactType: fc.option(fc.constantFrom('a/b', 'c/d'), { nil: undefined }),
    pushedBy: fc.option(fc.constantFrom('ann', 'bob'), { nil: undefined }),
    contentSize: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }),
    annotations: fc.option(fc.array(fc.tuple(fc.string(), fc.string()), { maxLength: 2 }), {
      nil: undefined,
    }),
    expect: fc.option(expectation, { nil: undefined, freq: 3 }),
    mostBytes: fc.option(fc.integer({ min: 0, max: 700 }), { nil: undefined, freq: 2 }),
    times: fc.option(times, { nil: undefined, freq: 3 }),
  })
  .map(
    ({
      digest,
      copy,
      tags,
      isFixed,
      references,
      requires,
      strict,
      expect,
      mostBytes,
      times,
      ...facts
    }) => {
      const more = { ...definedOf(facts), references, blob: blobOf(digest, copy) }
      const { pushedAt: _, ...record } = recordOf(digest, more)
      return {
        record,
        tags,
        requires: strict ? requires : [],
        immutable: isFixed ? tags : [],
        ...definedOf({ expect, mostBytes, times }),
      }
    },
  )

/** Calls of every kind. */
export const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ repository, blob, leaseMs, to }).map(({ repository, blob, leaseMs, to }) => ({
    name: `link ${repository} ${blob.key} for ${leaseMs}, told to ${to}`,
    onStore: (store: MetadataStore) => store.linkBlob(repository, blob, leaseMs, telling(to)),
    onModel: (model: Model) =>
      model.told(repository, telling(to).tell, model.linkBlob(repository, blob, leaseMs), true),
  })),
  fc.record({ from: repository, to: repository, digest, leaseMs }).map((it) => ({
    name: `mount ${it.from} ${it.to} ${short(it.digest)} for ${it.leaseMs}`,
    onStore: (store: MetadataStore) => store.mountBlob(it.from, it.to, it.digest, it.leaseMs),
    onModel: (model: Model) => model.mountBlob(it.from, it.to, it.digest, it.leaseMs),
  })),
  fc.record({ repository, digest, leaseMs }).map((it) => ({
    name: `keep ${it.repository} ${short(it.digest)} for ${it.leaseMs}`,
    outOfTurn: true as const,
    onStore: (store: MetadataStore) => store.keepBlob(it.repository, it.digest, it.leaseMs),
    onModel: (model: Model) => model.keepBlob(it.repository, it.digest, it.leaseMs),
  })),
  fc.record({ repository, digest, keepNamed: fc.boolean(), trashMs }).map((it) => ({
    name: `unlink ${it.repository} ${short(it.digest)}${it.keepNamed ? ' unless it is named' : ''}`,
    onStore: (store: MetadataStore) => store.unlinkBlob(it.repository, it.digest, definedOf(it)),
    onModel: (model: Model) => model.unlinkBlob(it.repository, it.digest, definedOf(it)),
  })),
  fc.record({ repository, change, to }).map(({ repository, change, to }) => ({
    name: `put ${repository} ${JSON.stringify(change)}, told to ${to}`,
    onStore: (store: MetadataStore) => store.putManifest(repository, { ...change, ...telling(to) }),
    onModel: (model: Model) => {
      const outcome = model.putManifest(repository, change)
      const { tell } = telling(to)
      return model.told(repository, tell, outcome, outcome.kind === 'stored')
    },
  })),
  fc
    .record({
      repository,
      digest,
      leaseMs,
      fixed: fc.option(some(tag)),
      notSince,
      unlessHas,
      trashMs,
    })
    .map(({ repository, digest, fixed, ...it }) => {
      const isImmutable = fixed === null ? null : (tag: Tag) => fixed.includes(tag)
      const options = { isImmutable, ...definedOf(it), leaseMs: it.leaseMs }
      return {
        name: `delete manifest ${repository} ${short(digest)} but ${fixed} ${JSON.stringify(it)}`,
        onStore: (store: MetadataStore) => store.deleteManifest(repository, digest, options),
        onModel: (model: Model) => model.deleteManifest(repository, digest, options),
      }
    }),
  fc
    .record({
      repository,
      tag,
      expect: fc.option(digest, { nil: undefined }),
      notSince,
      unlessHas,
      trashMs,
    })
    .map(({ repository, tag, ...it }) => ({
      name: `delete tag ${repository} ${tag} ${JSON.stringify(it)}`,
      onStore: (store: MetadataStore) =>
        store.deleteTag(repository, tag, { ...definedOf(it), ...telling(['east']) }),
      onModel: (model: Model) => {
        const gone = model.deleteTag(repository, tag, definedOf(it))
        return model.told(repository, telling(['east']).tell, gone, gone !== null)
      },
    })),
  {
    weight: 1,
    arbitrary: fc.record({ repository, trashMs }).map(({ repository, ...it }) => ({
      name: `delete repository ${repository} ${JSON.stringify(it)}`,
      onStore: (store: MetadataStore) => store.deleteRepository(repository, definedOf(it)),
      onModel: (model: Model) => model.deleteRepository(repository, definedOf(it)),
    })),
  },
  {
    weight: 3,
    arbitrary: fc.record({ at: fc.nat(3), leaseMs, mostBytes }).map(({ at, ...it }) => ({
      name: `restore entry ${at} ${JSON.stringify(it)}`,
      outOfTurn: true as const,
      onStore: async (store: MetadataStore) => {
        const { items } = (await store.listTrash?.({ limit: 100 })) ?? { items: [] }
        const options = { ...definedOf(it), leaseMs: it.leaseMs }
        const entry = items[at]
        return entry ? store.restore?.(entry.repository, entry.id, options) : null
      },
      onModel: (model: Model) => model.restore(at, it.leaseMs, it.mostBytes),
    })),
  },
  fc.nat(3).map((at) => ({
    name: `drop entry ${at}`,
    outOfTurn: true as const,
    onStore: async (store: MetadataStore) => {
      const { items } = (await store.listTrash?.({ limit: 100 })) ?? { items: [] }
      return store.dropTrash?.(items[at] === undefined ? [] : [items[at].id], 1)
    },
    onModel: (model: Model) => model.dropTrash(at, 1),
  })),
  {
    weight: 1,
    arbitrary: fc.nat(3).map((limit) => ({
      name: `drop ${limit} entries`,
      onStore: async (store: MetadataStore) => store.dropTrash?.('all', limit),
      onModel: (model: Model) => model.dropTrash('all', limit),
    })),
  },
  fc.constant({
    name: 'delete empty repositories',
    onStore: async (store: MetadataStore) => [...(await store.deleteEmptyRepositories(99))].sort(),
    onModel: (model: Model) => model.deleteEmptyRepositories(),
  }),
  fc.array(fc.record({ repository, digest, at: pulledAt }), { maxLength: 3 }).map((pulls) => ({
    name: `note pulls ${JSON.stringify(pulls)}`,
    onStore: async (store: MetadataStore) => store.notePulls?.(pulls),
    onModel: (model: Model) => model.notePulls(pulls),
  })),
  digest.map((digest) => {
    const all = copies.filter((each) => each.digest === digest)
    return {
      name: `mark ${short(digest)} missing`,
      onStore: (store: MetadataStore) => Promise.all(all.map((each) => store.markMissing(each))),
      onModel: (model: Model) => all.map((each) => model.markMissing(each)),
    }
  }),
  fc.record({ digest, from: copy, to: copy }).map(({ digest, from, to }) => ({
    name: `relocate ${short(digest)} from ${from} to ${to}`,
    onStore: (store: MetadataStore) => store.relocate(blobOf(digest, from), blobOf(digest, to)),
    onModel: (model: Model) => model.relocate(blobOf(digest, from), blobOf(digest, to)),
  })),
  fc.constant({
    name: 'condemn',
    outOfTurn: true as const,
    onStore: async (store: MetadataStore) =>
      (await store.condemn(1000)).map(({ key }) => key).sort(),
    onModel: (model: Model) => model.condemn(),
  }),
  ...outboxOperations,
  blob.map((blob) => ({
    name: `forget ${blob.key}`,
    onStore: (store: MetadataStore) => store.forget(blob),
    onModel: (model: Model) => model.forget(blob),
  })),
)

/** Has endpoints be told what came of a change. */
function telling(to: readonly string[] | undefined): Telling<unknown> {
  if (to === undefined) return {}
  return { tell: (outcome) => [{ endpoints: to, text: JSON.stringify(outcome) }] }
}

/** What an operation answers on a store, an error by its kind. */
export async function answerOf(each: Operation, store: MetadataStore): Promise<unknown> {
  return each.onStore(store).catch(kindOf)
}

/** What it answers on the model. */
export function answerOfModel(each: Operation, model: Model): unknown {
  try {
    return each.onModel(model)
  } catch (error) {
    return kindOf(error)
  }
}

function kindOf(error: unknown): string {
  if (error instanceof RegistryError) return error.kind
  throw error
}

function short(digest: Digest): string {
  return digest.slice(7, 15)
}

/** A record without its undefined fields. */
function definedOf<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const defined = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(defined) as { [K in keyof T]?: Exclude<T[K], undefined> }
}
