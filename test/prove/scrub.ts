import { mkdtemp, open, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeHash } from '../../adapters/disk/node-hash.ts'
import { openDiskStores } from '../../adapters/disk/open-stores.ts'
import { headBytes } from '../../adapters/disk/segments/record.ts'
import { parseSegmentKey } from '../../adapters/disk/segments/segment-key.ts'
import {
  callContext,
  createRegistry,
  type Digest,
  type RegistryService,
  type RegistryStores,
  type RepositoryName,
} from '../../src/index.ts'
import { algorithmOf, type BlobRef, bytesSource, digestOf, verifyStores } from '../../src/kit.ts'
import { repositoryNamed, sampleBytes } from '../../src/testing/index.ts'
import { but } from '../contracts/breaking.ts'
import { Random } from '../disk/simulation/random.ts'
import type { Proof } from './proof.ts'

const call = callContext()
const names = ['one', 'two/three', 'constructor'].map(repositoryNamed)
const encoder = new TextEncoder()

/** Something that was pushed, and can be pushed again. */
interface Content {
  readonly kind: 'blob' | 'manifest'
  readonly repository: RepositoryName
  readonly digest: Digest
  readonly bytes: Uint8Array
}

/** Flips a bit of many digests of a store, and has a verification find them. */
export const scrub: Proof = {
  says: 'a verification finds every bit that flipped, and a push heals it',
  where: 'inside',
  unit: 'flipped bits, each of another digest; as many digests stay whole',
  lengths: { short: 1000, full: 10_000 },
  breaks: ['from-memory', 'no-marks'],
  async run({ seed, length, broken }) {
    const directory = await mkdtemp(join(tmpdir(), 'layerdock-prove-'))
    const random = new Random(seed)
    const violations: string[] = []
    try {
      const contents = await opened(directory, null, async (stores) => {
        const all = await pushMany(serviceOf(stores), random, 2 * length)
        return all
      })
      const chosen = choose(contents, random, length)
      const places = await opened(directory, null, (stores) => placesOf(stores, chosen))
      let heads = 0
      for (const ref of places) if (await flip(directory, ref, random)) heads += 1
      const double = broken === null ? null : { broken, contents }
      const text = await opened(directory, double, async (stores) => {
        const wrong = new Set<string>(chosen.map(({ digest }) => digest))
        const found = await verified(stores, violations, wrong)
        await expectGone(stores, contents, wrong, violations)
        const service = serviceOf(stores)
        // Manifests last: what they name has to be there.
        const isBlob = ({ kind }: Content): boolean => kind === 'blob'
        for (const content of chosen.filter(isBlob)) await push(service, content)
        for (const content of chosen) if (!isBlob(content)) await push(service, content)
        const again = await verified(stores, violations, new Set())
        await expectGone(stores, contents, new Set(), violations)
        const aside = (await readdir(join(directory, 'quarantine'))).length
        if (aside !== chosen.length) violations.push(`${aside} damaged contents were kept aside`)
        return `${chosen.length} bits flipped in ${contents.length} contents (${heads} in heads of records), ${found} found, ${again} after they were pushed again`
      })
      return { text, violations }
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  },
}

type Double = { readonly broken: string; readonly contents: readonly Content[] } | null

async function opened<T>(
  directory: string,
  double: Double,
  work: (stores: RegistryStores) => Promise<T>,
): Promise<T> {
  const stores = await openDiskStores({ directory, mode: 'write' })
  try {
    return await work(double === null ? stores : brokenStores(stores, double))
  } finally {
    await stores.close()
  }
}

function brokenStores(stores: RegistryStores, { broken, contents }: NonNullable<Double>) {
  if (broken === 'no-marks') {
    const metadata = but(stores.metadata, () => ({ markMissing: async () => true }))
    return { ...stores, metadata }
  }
  // As a disk that answers out of its memory.
  const known = new Map(contents.map(({ digest, bytes }) => [digest, bytes]))
  const blobs = but(stores.blobs, (inner) => ({
    async open(ref: BlobRef) {
      const bytes = known.get(ref.digest)
      if (bytes === undefined) return await inner.open(ref)
      const stream = (): ReadableStream<Uint8Array> => new Response(bytes.slice()).body as never
      return { size: bytes.byteLength, stream, close: async () => {} }
    },
  }))
  return { ...stores, blobs }
}

function serviceOf(stores: RegistryStores): RegistryService {
  return createRegistry({ stores, hash: nodeHash }).service
}

/** Pushes blobs of all sizes that are kept in different ways, and images of them. */
async function pushMany(
  service: RegistryService,
  random: Random,
  count: number,
): Promise<readonly Content[]> {
  const contents: Content[] = []
  for (let number = 0; number < count; number += 1) {
    const repository = names[number % names.length] as RepositoryName
    const content =
      number % 10 === 9
        ? imageOf(repository, contents.slice(-9))
        : blobOf(repository, sampleBytes(sizeOf(random), 1_000_000 + number), number)
    await push(service, content)
    contents.push(content)
  }
  return contents
}

function sizeOf(random: Random): number {
  const kind = random.below(8)
  if (kind === 0) return 65_537 + random.below(200_000)
  return kind < 4 ? 16 + random.below(200) : 16 + random.below(20_000)
}

function blobOf(repository: RepositoryName, bytes: Uint8Array, number: number): Content {
  const algorithm = number % 7 === 0 ? 'sha512' : 'sha256'
  return { kind: 'blob', repository, digest: digestFor(algorithm, bytes), bytes }
}

function imageOf(repository: RepositoryName, near: readonly Content[]): Content {
  const descriptors = near
    .filter((content) => content.kind === 'blob' && content.repository === repository)
    .map(({ digest, bytes: { byteLength: size } }) => ({ mediaType: 'a/b', digest, size }))
  const [config, ...layers] = descriptors
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const bytes = encoder.encode(JSON.stringify({ schemaVersion: 2, mediaType, config, layers }))
  return { kind: 'manifest', repository, digest: digestFor('sha256', bytes), bytes }
}

function digestFor(algorithm: 'sha256' | 'sha512', bytes: Uint8Array): Digest {
  const hash = nodeHash(algorithm)
  void hash.update(bytes)
  return digestOf(algorithm, hash.digest() as string)
}

async function push(service: RegistryService, content: Content): Promise<void> {
  const { kind, repository, digest, bytes } = content
  if (kind === 'blob') {
    const source = bytesSource(bytes.slice())
    await service.pushBlob(call, repository, digest, { source, length: bytes.byteLength })
  } else await service.putManifest(call, repository, { kind: 'digest', digest }, { bytes })
}

/** Some of the contents, each once. */
function choose(contents: readonly Content[], random: Random, count: number): readonly Content[] {
  const left = [...contents]
  return Array.from({ length: count }, () => left.splice(random.below(left.length), 1)[0]).filter(
    (content) => content !== undefined,
  )
}

async function placesOf(
  { metadata }: RegistryStores,
  contents: readonly Content[],
): Promise<readonly BlobRef[]> {
  const refs = await Promise.all(
    contents.map(async ({ kind, repository, digest }) =>
      kind === 'blob'
        ? await metadata.findBlob(repository, digest)
        : ((await metadata.findManifest(repository, digest))?.blob ?? null),
    ),
  )
  return refs.filter((ref) => ref !== null)
}

/** Flips a bit on the disk; whether it is one of a record's head. */
async function flip(directory: string, ref: BlobRef, random: Random): Promise<boolean> {
  const place = parseSegmentKey(ref.key)
  const head = place === null ? 0 : headBytes(algorithmOf(ref.digest))
  const at = random.below(head + ref.size)
  const path = join(directory, place === null ? ref.key : `segments/${place.segment}`)
  const position = (place?.offset ?? 0) + at
  const file = await open(path, 'r+')
  try {
    const byte = new Uint8Array(1)
    await file.read(byte, 0, 1, position)
    byte[0] = (byte[0] ?? 0) ^ (1 << random.below(8))
    await file.write(byte, 0, 1, position)
  } finally {
    await file.close()
  }
  return at < head
}

/** Verifies, and compares what is found with what is wrong; how much was found. */
async function verified(
  stores: RegistryStores,
  violations: string[],
  wrong: ReadonlySet<string>,
): Promise<number> {
  const found = new Set<string>()
  const report = await verifyStores(stores, {
    hash: nodeHash,
    onProblem: ({ digest, kind, detail }) => {
      found.add(digest)
      if (!wrong.has(digest)) violations.push(`${digest} is whole, and told as ${kind}: ${detail}`)
    },
  })
  for (const digest of wrong) if (!found.has(digest)) violations.push(`${digest} was not found`)
  if (report.sound !== (wrong.size === 0)) violations.push(`it was told as ${report.sound}`)
  return found.size
}

/** Looks whether clients are told of exactly what is whole. */
async function expectGone(
  stores: RegistryStores,
  contents: readonly Content[],
  wrong: ReadonlySet<string>,
  violations: string[],
): Promise<void> {
  const service = serviceOf(stores)
  for (const { kind, repository, digest } of contents) {
    const info =
      kind === 'blob'
        ? await service.statBlob(call, repository, digest)
        : await service.statManifest(call, repository, { kind: 'digest', digest })
    if ((info === null) === wrong.has(digest)) continue
    const told =
      info === null
        ? 'is whole, and a client is told that it is not there'
        : 'is damaged, and confirmed to a client'
    violations.push(`${digest} ${told}`)
  }
}
