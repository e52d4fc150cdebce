import {
  callContext,
  type Digest,
  type EventSink,
  type RegistryStores,
  type RepositoryName,
  repositoryName,
  type Tag,
  tagName,
} from '../../src/index.ts'
import { bytesSource, memoryStores } from '../../src/kit.ts'
import { createRegistry, type Registry } from '../../src/registry.ts'
import {
  parseRetention,
  type RetentionDocument,
  type RetentionOptions,
  retention,
} from '../../src/retention/index.ts'
import { type FakeClock, fakeClock } from '../../src/testing/fake-clock.ts'
import { digestOf, ociConfig, ociIndex, ociLayer, ociManifest, utf8 } from '../http/client.ts'

export const hourMs = 3_600_000
export const dayMs = 24 * hourMs
export const app: RepositoryName = repositoryName('team/app')

/** What a manifest is pushed with beside its content. */
export interface Pushing {
  readonly repository?: RepositoryName
  readonly tags?: readonly string[]
  /** The digest it refers to. */
  readonly subject?: Digest
}

/** A registry in memory, and how things get into it. */
export interface TestRegistry {
  readonly registry: Registry
  readonly stores: RegistryStores
  readonly clock: FakeClock
  /** Pushes an image whose layer is this text. */
  image(content: string, pushing?: Pushing): Promise<Digest>
  /** Pushes an index of manifests. */
  index(children: readonly Digest[], pushing?: Pushing): Promise<Digest>
  /** Tells of a pull, now. */
  pull(digest: Digest, repository?: RepositoryName): Promise<void>
  /** A retention by a policy. @throws Error where the policy has a problem. */
  retain(
    rules: RetentionDocument['rules'],
    more?: Partial<RetentionOptions>,
  ): ReturnType<typeof retention>
  tagNames(repository?: RepositoryName): Promise<readonly string[]>
  digests(repository?: RepositoryName): Promise<readonly Digest[]>
}

/** Begins in 2026, with pulls noted from then on. */
export async function testRegistry(
  wrap: (stores: RegistryStores) => RegistryStores = (stores) => stores,
  onEvent: EventSink = () => {},
): Promise<TestRegistry> {
  const clock = fakeClock(Date.UTC(2026, 0))
  return registryOn(wrap(memoryStores({ clock: clock.now })), clock, onEvent)
}

/** The same on stores that are there. */
export async function registryOn(
  stores: RegistryStores,
  clock: FakeClock,
  onEvent: EventSink = () => {},
): Promise<TestRegistry> {
  const registry = createRegistry({ stores, clock: clock.now, onEvent })
  await registry.flushPulls()
  const { service } = registry
  const { metadata } = stores

  async function pushBlob(repository: RepositoryName, content: string): Promise<object> {
    const bytes = utf8(content)
    const digest = digestOf(content) as Digest
    await service.pushBlob(callContext(), repository, digest, {
      source: bytesSource(bytes.slice()),
      length: bytes.byteLength,
    })
    return { digest, size: bytes.byteLength }
  }

  async function push(document: object, { repository = app, tags = [], subject }: Pushing) {
    const refers = subject === undefined ? {} : { subject: await descriptorOf(repository, subject) }
    const text = JSON.stringify({ schemaVersion: 2, ...document, ...refers })
    const digest = digestOf(text) as Digest
    await service.putManifest(
      callContext(),
      repository,
      { kind: 'digest', digest },
      { bytes: utf8(text), tags: tags.map(tagName) },
    )
    return digest
  }

  async function descriptorOf(repository: RepositoryName, digest: Digest): Promise<object> {
    const found = await metadata.findManifest(repository, digest)
    return { mediaType: found?.mediaType ?? ociManifest, digest, size: found?.size ?? 2 }
  }

  return {
    registry,
    stores,
    clock,
    async image(content, pushing = {}) {
      const { repository = app } = pushing
      const config = { mediaType: ociConfig, ...(await pushBlob(repository, '{}')) }
      const layers = [{ mediaType: ociLayer, ...(await pushBlob(repository, content)) }]
      return push({ mediaType: ociManifest, config, layers }, pushing)
    },
    async index(children, pushing = {}) {
      const { repository = app } = pushing
      const manifests = []
      for (const child of children) manifests.push(await descriptorOf(repository, child))
      return push({ mediaType: ociIndex, manifests }, pushing)
    },
    async pull(digest, repository = app) {
      await metadata.notePulls?.([{ repository, digest, at: clock.now() }])
    },
    retain(rules, more = {}) {
      const { policy, problems } = parseRetention({ rules })
      if (policy === null) throw new Error(JSON.stringify(problems))
      // What is pushed in the moment of a run stays; where nodes share a clock, also what is a little older.
      clock.advance(stores.clock === undefined ? 1 : 61_000)
      return retention({ registry, stores, policy, clock: clock.now, ...more })
    },
    async tagNames(repository = app) {
      return (await metadata.listTags(repository, { limit: 1000 }))?.items ?? []
    },
    async digests(repository = app) {
      const page = await metadata.listManifests(repository, { limit: 1000 })
      return (page?.items ?? []).map(({ record }) => record.digest)
    },
  }
}

/** The tag under which clients put what refers to a manifest, where a registry has no list of that. */
export function tagOf(digest: Digest, end = ''): Tag {
  return tagName(`${digest.replace(':', '-')}${end}`)
}
