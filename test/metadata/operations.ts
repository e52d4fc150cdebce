import fc from 'fast-check'
import type { Digest } from '../../src/oci/digest.ts'
import type { RepositoryName } from '../../src/oci/repository-name.ts'
import type { Tag } from '../../src/oci/tag.ts'
import type { ManifestChange, MetadataStore } from '../../src/ports/metadata-store.ts'
import type { Model } from './model.ts'
import { blobOf, digests, recordOf, repositories, subjects, tags } from './samples.ts'

/** One call, on a store and on the model, with an answer that is to be the same. */
export interface Operation {
  readonly name: string
  onStore(store: MetadataStore): Promise<unknown>
  onModel(model: Model): unknown
}

const repository: fc.Arbitrary<RepositoryName> = fc.constantFrom(...repositories)
const digest: fc.Arbitrary<Digest> = fc.constantFrom(...digests)
const tag: fc.Arbitrary<Tag> = fc.constantFrom(...tags)
const time: fc.Arbitrary<number> = fc.integer({ min: 1000, max: 1010 })
const some = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(of, { maxLength: 3 })

const expectation: fc.Arbitrary<readonly string[]> = some(
  fc.oneof({ arbitrary: fc.constant('*'), weight: 1 }, { arbitrary: digest, weight: 3 }),
)

const change: fc.Arbitrary<ManifestChange> = fc
  .record({
    digest,
    copy: fc.integer({ min: 0, max: 1 }),
    tags: some(tag),
    references: some(digest),
    requires: some(fc.record({ digest, kind: fc.constantFrom('blob', 'manifest') })),
    strict: fc.boolean(),
    subject: fc.option(fc.constantFrom(...subjects), { nil: undefined }),
    artifactType: fc.option(fc.constantFrom('a/b', 'c/d'), { nil: undefined }),
    annotations: fc.option(fc.array(fc.tuple(fc.string(), fc.string()), { maxLength: 2 }), {
      nil: undefined,
    }),
    match: fc.option(expectation, { nil: undefined, freq: 6 }),
    noneMatch: fc.option(expectation, { nil: undefined, freq: 6 }),
  })
  .map(({ digest, copy, tags, references, requires, strict, match, noneMatch, ...facts }) => {
    const record = recordOf(digest, { ...definedOf(facts), references, blob: blobOf(digest, copy) })
    return {
      record,
      tags,
      requires: strict ? requires : [],
      expect: definedOf({ match: match?.length ? match : undefined, noneMatch }),
    }
  })

/** Calls of every kind. */
export const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ repository, digest, copy: fc.integer({ min: 0, max: 1 }), time }).map((it) => ({
    name: `link ${it.repository} ${it.digest.slice(7, 15)} copy ${it.copy} until ${it.time}`,
    onStore: (store: MetadataStore) =>
      store.linkBlob(it.repository, blobOf(it.digest, it.copy), it.time),
    onModel: (model: Model) => model.linkBlob(it.repository, blobOf(it.digest, it.copy), it.time),
  })),
  fc.record({ from: repository, to: repository, digest, time }).map((it) => ({
    name: `mount ${it.from} ${it.to} ${it.digest.slice(7, 15)} until ${it.time}`,
    onStore: (store: MetadataStore) => store.mountBlob(it.from, it.to, it.digest, it.time),
    onModel: (model: Model) => model.mountBlob(it.from, it.to, it.digest, it.time),
  })),
  fc.record({ repository, digest }).map((it) => ({
    name: `unlink ${it.repository} ${it.digest.slice(7, 15)}`,
    onStore: (store: MetadataStore) => store.unlinkBlob(it.repository, it.digest),
    onModel: (model: Model) => model.unlinkBlob(it.repository, it.digest),
  })),
  fc.record({ repository, change }).map((it) => ({
    name: `put ${it.repository} ${JSON.stringify(it.change)}`,
    onStore: (store: MetadataStore) => store.putManifest(it.repository, it.change),
    onModel: (model: Model) => model.putManifest(it.repository, it.change),
  })),
  fc.record({ repository, digest }).map((it) => ({
    name: `delete manifest ${it.repository} ${it.digest.slice(7, 15)}`,
    onStore: (store: MetadataStore) => store.deleteManifest(it.repository, it.digest),
    onModel: (model: Model) => model.deleteManifest(it.repository, it.digest),
  })),
  fc.record({ repository, tag }).map((it) => ({
    name: `delete tag ${it.repository} ${it.tag}`,
    onStore: (store: MetadataStore) => store.deleteTag(it.repository, it.tag),
    onModel: (model: Model) => model.deleteTag(it.repository, it.tag),
  })),
  time.map((before) => ({
    name: `condemn before ${before}`,
    onStore: async (store: MetadataStore) =>
      (await store.condemn(before, 1000)).map((blob) => blob.digest).sort(),
    onModel: (model: Model) => model.condemn(before),
  })),
  fc.record({ digest, copy: fc.integer({ min: 0, max: 1 }) }).map((it) => ({
    name: `forget ${it.digest.slice(7, 15)} copy ${it.copy}`,
    onStore: (store: MetadataStore) => store.forget(blobOf(it.digest, it.copy)),
    onModel: (model: Model) => model.forget(blobOf(it.digest, it.copy)),
  })),
)

/** A record without its undefined fields. */
function definedOf<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const defined = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(defined) as { [K in keyof T]?: Exclude<T[K], undefined> }
}
