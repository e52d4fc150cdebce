import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { callContext } from '../../src/core/call-context.ts'
import {
  createRegistry,
  type Digest,
  RegistryError,
  type RegistryService,
  type RegistryStores,
  type RepositoryCounts,
  type RepositoryName,
  type Tag,
} from '../../src/index.ts'
import type { CopiedStores } from '../../src/kit.ts'
import { digestOf } from '../../src/kit.ts'
import { readAll, repositoryNamed, sampleBytes, tagNamed } from '../../src/testing/index.ts'
import { sourceOf } from '../core/registry-in-hand.ts'
import { hash } from './places.ts'

/** Names that meet; some are properties of plain objects. */
export const repositories: readonly RepositoryName[] = ['constructor', 'a/b', 'a', 'z'].map(
  repositoryNamed,
)
export const tags: readonly Tag[] = ['__proto__', 'latest', 'v1', 'V1', '1'].map(tagNamed)

/** A change that a client makes. */
export interface Step {
  readonly name: string
  run(service: RegistryService): Promise<unknown>
}

const call = callContext()

/** Every step is harmless where it does not apply. */
export async function run(stores: RegistryStores, steps: readonly Step[]): Promise<void> {
  const { service } = createRegistry({ stores, hash, allowSparse: true })
  for (const step of steps) {
    await step.run(service).catch((error: unknown) => {
      if (!(error instanceof RegistryError)) throw error
    })
  }
}

/** The bytes of a small number: from none to more than a file of many blobs takes. */
export function bytesOf(number: number): Uint8Array {
  const sizes = [0, 1, 700, 70_000, 140_000]
  return sampleBytes(sizes[number % sizes.length] ?? 0, number + 1)
}

/** The digest of bytes or of a text. */
export function digestOfContent(content: Uint8Array | string, algorithm = 'sha256'): Digest {
  const hex = createHash(algorithm).update(content).digest('hex')
  return digestOf(algorithm as 'sha256' | 'sha512', hex)
}

/** An image of these blobs, about another manifest or nothing. */
export function imageOf(blobs: readonly number[], more: object = {}): string {
  const [config, ...layers] = [0, ...blobs].map((number) => ({
    mediaType: 'application/octet-stream',
    digest: digestOfContent(bytesOf(number)),
    size: bytesOf(number).byteLength,
  }))
  return JSON.stringify({ schemaVersion: 2, mediaType: imageType, config, layers, ...more })
}

const imageType = 'application/vnd.oci.image.manifest.v1+json'
const indexType = 'application/vnd.oci.image.index.v1+json'

/** Pushes a blob. */
export function pushBlob(repository: RepositoryName, number: number): Step {
  const bytes = bytesOf(number)
  return {
    name: `blob ${number} to ${repository}`,
    run: (service) =>
      service.pushBlob(call, repository, digestOfContent(bytes), {
        source: { pipe: async (sink) => void (await sink(bytes.slice())), abort() {} },
        length: bytes.byteLength,
      }),
  }
}

/** Pushes a manifest, under a digest of the algorithm, with tags. */
export function pushManifest(
  repository: RepositoryName,
  text: string,
  tags: readonly Tag[] = [],
  algorithm = 'sha256',
): Step {
  const digest = digestOfContent(text, algorithm)
  return {
    name: `manifest ${digest} to ${repository} as ${tags}`,
    run: (service) =>
      service.putManifest(
        call,
        repository,
        { kind: 'digest', digest },
        { bytes: new TextEncoder().encode(text), tags },
      ),
  }
}

const numbers = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 3 })
const repository = fc.constantFrom(...repositories)

const image: fc.Arbitrary<string> = fc
  .record({
    blobs: numbers,
    subject: fc.option(numbers, { nil: undefined, freq: 2 }),
    annotations: fc.option(fc.constantFrom({ a: 'é' }, { big: 'x'.repeat(3000) }), {
      nil: undefined,
      freq: 2,
    }),
    artifactType: fc.option(fc.constantFrom('a/b', 'c/d'), { nil: undefined }),
  })
  .map(({ blobs, subject, ...more }) => {
    const about = subject && {
      mediaType: imageType,
      digest: digestOfContent(imageOf(subject)),
      size: 1,
    }
    return imageOf(blobs, { ...more, subject: about })
  })

const manifest: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: image, weight: 4 },
  {
    arbitrary: fc.array(image, { maxLength: 2 }).map((images) => {
      const manifests = images.map((text) => ({
        mediaType: imageType,
        digest: digestOfContent(text),
        size: text.length,
      }))
      return JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests })
    }),
    weight: 1,
  },
)

/** Steps of every kind. */
export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    arbitrary: fc
      .tuple(repository, fc.integer({ min: 0, max: 9 }))
      .map(([name, number]) => pushBlob(name, number)),
    weight: 3,
  },
  {
    arbitrary: fc
      .tuple(
        repository,
        manifest,
        fc.subarray([...tags], { maxLength: 3 }),
        fc.constantFrom('sha256', 'sha256', 'sha512'),
      )
      .map(([name, text, tags, algorithm]) => pushManifest(name, text, tags, algorithm)),
    weight: 5,
  },
  fc.tuple(repository, fc.constantFrom(...tags)).map(([name, tag]) => ({
    name: `delete ${name}:${tag}`,
    run: (service: RegistryService) => service.deleteManifest(call, name, { kind: 'tag', tag }),
  })),
  fc.tuple(repository, image).map(([name, text]) => ({
    name: `delete a manifest of ${name}`,
    run: (service: RegistryService) =>
      service.deleteManifest(call, name, { kind: 'digest', digest: digestOfContent(text) }),
  })),
  fc.tuple(repository, fc.integer({ min: 0, max: 9 })).map(([name, number]) => ({
    name: `delete blob ${number} of ${name}`,
    run: (service: RegistryService) =>
      service.deleteBlob(call, name, digestOfContent(bytesOf(number))),
  })),
  {
    arbitrary: repository.map((name) => ({
      name: `delete ${name}`,
      run: (service: RegistryService) => service.deleteRepository(call, name),
    })),
    weight: 1,
  },
)

/** A history of clients. */
export const history: fc.Arbitrary<Step[]> = fc.array(step, { maxLength: 25 })

/** Repositories of {@link everyKind}. */
export const [one, two]: readonly [RepositoryName, RepositoryName] = [
  repositoryNamed('one'),
  repositoryNamed('two'),
]

/** Something of every kind, part of it in two repositories. */
export const everyKind: readonly Step[] = [
  ...[one, two].flatMap((name) => [0, 1, 3, 4].map((number) => pushBlob(name, number))),
  pushManifest(one, imageOf([1, 3]), tags.slice(0, 2)),
  pushManifest(two, imageOf([1, 3]), tags.slice(1, 3)),
  pushManifest(two, imageOf([4], { subject: subjectOf(imageOf([1, 3])) })),
  pushManifest(two, imageOf([1], { annotations: { a: 'b' } }), [], 'sha512'),
  pushBlob(repositories[0] ?? one, 2),
]

function subjectOf(text: string): object {
  return { mediaType: 'a/b', digest: digestOfContent(text), size: text.length }
}

/** Everything clients can read: names, times, and all bytes by their hash. */
export async function viewOf({ blobs, metadata }: CopiedStores): Promise<unknown> {
  const page = { limit: 10_000 }
  const read = async (ref: Parameters<typeof blobs.open>[0]): Promise<string> => {
    const open = await blobs.open(ref, 'anew')
    if (open === null) return 'missing'
    return digestOfContent(await readAll(open.stream()), ref.digest.split(':')[0])
  }
  const view: unknown[] = []
  for (const name of (await metadata.listRepositories(page)).items) {
    const manifests = []
    const subjects: Set<string> = new Set([digestOfContent(imageOf([]))])
    for (const entry of (await metadata.listManifests(name, page))?.items ?? []) {
      const { blob, ...record } = entry.record
      if (record.subject !== undefined) subjects.add(record.subject)
      manifests.push({ ...entry, record, bytes: await read(blob) })
    }
    const links = []
    for (const blob of (await metadata.listBlobs(name, page))?.items ?? []) {
      links.push({ digest: blob.digest, size: blob.size, bytes: await read(blob) })
    }
    const referrers = []
    for (const subject of subjects) {
      referrers.push([subject, await metadata.listReferrers(name, subject, { maxBytes: 1e9 })])
    }
    view.push({
      name,
      manifests,
      blobs: links,
      tags: await metadata.listTagRecords(name, page),
      referrers,
      counts: countsOf(await metadata.countRepository(name)),
    })
  }
  return view
}

export { sourceOf }

/** What is there. When a manifest that was deleted since was pushed, a copy does not learn. */
function countsOf(counts: RepositoryCounts | null): unknown {
  if (counts === null) return null
  const { pushedAt: _, ...others } = counts
  return others
}
