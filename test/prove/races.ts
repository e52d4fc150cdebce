import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeHash } from '../../adapters/disk/node-hash.ts'
import { openDiskStore } from '../../adapters/disk/store.ts'
import { createRegistry, type Registry } from '../../src/index.ts'
import { type MetadataStore, openMetadata } from '../../src/kit.ts'
import { sampleBytes } from '../../src/testing/index.ts'
import { but } from '../contracts/breaking.ts'
import { digestText, manifestOf } from '../disk/simulation/ledger.ts'
import { Random } from '../disk/simulation/random.ts'
import type { Proof } from './proof.ts'

const workers = 16
const repositories = ['one', 'two', 'three', 'four']
/** Few, so that pushers meet, and each is collected and pushed again and again. */
const blobCount = 1000
/** How many manifests a pusher has before it deletes the oldest. */
const standing = 4
const collectEveryMs = 100

/** What all pushers share. */
interface Race {
  readonly registry: Registry
  readonly leaseMs: number
  readonly length: number
  /** Requests so far: leases last for so many, and none ends early on a busy machine. */
  readonly requests: { count: number }
  begun: number
  pushed: number
  confirmed: number
  mounted: number
  /** Pushes that took longer than the lease of their blobs, which may be gone by then. */
  late: number
  readonly violations: string[]
}

interface Standing {
  readonly repository: string
  readonly manifest: Uint8Array
  readonly blobs: readonly Uint8Array[]
}

/** Pushers that meet at the same blobs, while garbage is collected ten times a second. */
export const races: Proof = {
  says: 'collection takes nothing that was pushed, mounted or confirmed',
  where: 'inside',
  unit: 'pushes of manifests with collection every 100 ms',
  lengths: { short: 2000, full: 100_000 },
  breaks: ['no-leases'],
  async run({ seed, length, broken }) {
    const directory = await mkdtemp(join(tmpdir(), 'layerdock-prove-'))
    const store = await openDiskStore({ directory })
    const requests = { count: 0 }
    const elapsed = (): number => requests.count
    const metadata = await openMetadata({ log: store.log, elapsed })
    const stores = {
      blobs: store.blobs,
      uploads: store.uploads,
      metadata: broken === null ? metadata : withoutLeases(metadata),
    }
    const leaseMs = 500
    const registry = createRegistry({ stores, hash: nodeHash, limits: { leaseMs, trashMs: 0 } })
    const race: Race = {
      ...{ registry, leaseMs, length, requests, violations: [] },
      ...{ begun: 0, pushed: 0, confirmed: 0, mounted: 0, late: 0 },
    }
    let collected = 0
    let isOver = false
    const collect = async (): Promise<void> => {
      while (!isOver) {
        const { blobs } = await registry.collectGarbage()
        collected += blobs
        await new Promise((resolve) => setTimeout(resolve, collectEveryMs))
      }
    }
    const collecting = collect()
    try {
      await Promise.all(
        Array.from({ length: workers }, (_, worker) =>
          push(race, new Random(seed * 1000 + worker)),
        ),
      )
    } finally {
      isOver = true
      await collecting
      await registry.close()
      await metadata.close()
      await store.close()
      await rm(directory, { recursive: true, force: true })
    }
    const { pushed, confirmed, mounted, late, violations } = race
    if (late > length / 10) violations.push(`${late} pushes outlasted their leases`)
    const text = `${pushed} pushes of manifests, of their blobs ${confirmed} confirmed and ${mounted} mounted, ${collected} collected`
    return { text, violations }
  },
}

/** Leases that end at once. */
function withoutLeases(metadata: MetadataStore): MetadataStore {
  return but(metadata, (inner) => ({
    keepBlob: (repository, digest) => inner.keepBlob(repository, digest, 0),
    linkBlob: (repository, blob) => inner.linkBlob(repository, blob, 0),
    mountBlob: (from, to, digest) => inner.mountBlob(from, to, digest, 0),
  }))
}

async function push(race: Race, random: Random): Promise<void> {
  const own: Standing[] = []
  while (race.begun < race.length && race.violations.length < 20) {
    race.begun += 1
    const number = race.begun
    const repository = random.pick(repositories)
    const blobs = Array.from({ length: 1 + random.below(4) }, () =>
      blobNumber(random.below(blobCount)),
    )
    const began = race.requests.count
    for (const blob of blobs) await bring(race, repository, blob, random)
    const manifest = manifestOf(blobs, `${number}`)
    const headers = { 'content-type': 'application/vnd.oci.image.manifest.v1+json' }
    const answer = await send(
      race,
      'PUT',
      `${repository}/manifests/t${number % 50}`,
      manifest,
      headers,
    )
    if (answer.status === 201) {
      race.pushed += 1
      own.push({ repository, manifest, blobs })
      await check(race, { repository, manifest, blobs })
    } else if (race.requests.count - began >= race.leaseMs) race.late += 1
    else race.violations.push(`push ${number}: ${answer.status} ${await answer.text()}`)
    if (own.length > standing) await remove(race, own.shift() as Standing)
    if (own.length > 0) await check(race, random.pick(own))
  }
}

/** As a client does: asks, mounts or sends. */
async function bring(
  race: Race,
  repository: string,
  blob: Uint8Array,
  random: Random,
): Promise<void> {
  const digest = digestText(blob)
  const head = await send(race, 'HEAD', `${repository}/blobs/${digest}`)
  if (head.status === 200) {
    race.confirmed += 1
    return
  }
  const from = random.chance(0.5) ? `&from=${random.pick(repositories)}` : ''
  const path = `${repository}/blobs/uploads/?${from === '' ? `digest=${digest}` : `mount=${digest}${from}`}`
  const answer = await send(race, 'POST', path, from === '' ? blob : null)
  if (answer.status === 201) {
    if (from !== '') race.mounted += 1
    return
  }
  const location = answer.headers.get('location') ?? ''
  const put = await send(race, 'PUT', `${location}?digest=${digest}`, blob)
  if (put.status !== 201) race.violations.push(`${put.status} for a blob: ${await put.text()}`)
}

async function check(race: Race, { repository, manifest, blobs }: Standing): Promise<void> {
  const paths: (readonly [string, Uint8Array])[] = [
    [`manifests/${digestText(manifest)}`, manifest],
    ...blobs.map((blob) => [`blobs/${digestText(blob)}`, blob] as const),
  ]
  for (const [path, bytes] of paths) {
    const answer = await send(race, 'GET', `${repository}/${path}`)
    const found = new Uint8Array(await answer.arrayBuffer())
    if (answer.status === 200 && Buffer.compare(found, bytes) === 0) continue
    race.violations.push(`${repository}/${path} of a manifest that stands: ${answer.status}`)
  }
}

async function remove(race: Race, { repository, manifest }: Standing): Promise<void> {
  const answer = await send(race, 'DELETE', `${repository}/manifests/${digestText(manifest)}`)
  if (answer.status !== 202) race.violations.push(`a manifest that stands: ${answer.status}`)
}

function blobNumber(number: number): Uint8Array {
  return sampleBytes(100 + number * 7, number)
}

function send(
  race: Race,
  method: string,
  path: string,
  body: Uint8Array | null = null,
  headers: Record<string, string> = {},
): Promise<Response> {
  const url = new URL(path, 'http://registry.test/v2/')
  const sent = body === null ? null : new Uint8Array(body)
  race.requests.count += 1
  return Promise.resolve(race.registry.fetch(new Request(url, { method, headers, body: sent })))
}
