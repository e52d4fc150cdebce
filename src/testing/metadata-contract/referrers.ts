import type { Descriptor } from '../../index.ts'
import type { MetadataStore, ReferrersRequest } from '../../kit.ts'
import { equals, holds } from '../contract.ts'
import { sampleDigest } from '../samples.ts'
import {
  here,
  long,
  type MetadataStoreCase,
  manifestOf,
  metadataCase,
  type PutRecord,
  record,
  there,
} from './store-case.ts'

const subject = sampleDigest(1000)
const ample = 1_000_000

function referrer(number: number, artifactType?: string): PutRecord {
  return manifestOf(number, { subject, ...(artifactType === undefined ? {} : { artifactType }) })
}

/** What a list says of a manifest. */
function descriptorOf(manifest: PutRecord): Descriptor {
  const { mediaType, digest, size, artifactType, annotations } = manifest
  return {
    mediaType,
    digest,
    size,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  }
}

/** What a list has to say of manifests, in the order of their digests. */
function listOf(manifests: readonly PutRecord[]): Descriptor[] {
  return manifests.map(descriptorOf).sort((a, b) => (a.digest < b.digest ? -1 : 1))
}

async function allReferrers(
  store: MetadataStore,
  request: ReferrersRequest,
): Promise<{ readonly found: Descriptor[]; readonly pages: number }> {
  const found: Descriptor[] = []
  let next = request
  for (let pages = 1; ; pages += 1) {
    const page = await store.listReferrers(here, subject, next)
    for (const item of page.items) {
      holds(item.digest > (next.after ?? ''), `after ${next.after} does not come ${item.digest}`)
      found.push(item)
    }
    if (!page.more) return { found, pages }
    const last = page.items.at(-1)
    holds(last !== undefined, 'a page that more follow after has items')
    next = { ...next, after: last.digest }
  }
}

/** Which manifests refer to which. */
export const referrerCases: readonly MetadataStoreCase[] = [
  metadataCase('referrers are listed by digest, with what is known of them', async (store) => {
    const annotations = [['__proto__', 'x']] as const
    const manifests = [referrer(3), referrer(1, 'a/b'), { ...referrer(2), annotations }]
    for (const manifest of manifests) await record(store, here, manifest)
    await record(store, here, manifestOf(4))
    await record(store, here, manifestOf(5, { subject: sampleDigest(1001) }))
    await record(store, there, referrer(6))
    const page = await store.listReferrers(here, subject, { maxBytes: ample })
    equals(page, { items: listOf(manifests), more: false }, 'the page')
  }),

  metadataCase('a subject without referrers has an empty list', async (store) => {
    const empty = { items: [], more: false }
    const ask = () => store.listReferrers(here, subject, { maxBytes: ample })
    equals(await ask(), empty, 'in a repository that is not there')
    await record(store, here, manifestOf(1))
    equals(await ask(), empty, 'in one that is')
  }),

  metadataCase('a subject may be there or not, and of any algorithm', async (store) => {
    for (const text of ['sha256:', 'md5:d41d8cd98f00b204e9800998ecf8427e', '__proto__']) {
      const manifest = manifestOf(1, { subject: text })
      await record(store, here, manifest)
      const page = await store.listReferrers(here, text, { maxBytes: ample })
      equals(page.items, [descriptorOf(manifest)], text)
    }
  }),

  metadataCase('a deleted manifest refers to nothing, its subject or not', async (store) => {
    await record(store, here, manifestOf(1000))
    await record(store, here, referrer(1))
    await record(store, here, referrer(2))
    await store.deleteManifest(here, sampleDigest(1), { leaseMs: long })
    const ask = async () => (await store.listReferrers(here, subject, { maxBytes: ample })).items
    equals(await ask(), listOf([referrer(2)]), 'after one was deleted')
    await store.deleteManifest(here, sampleDigest(1000), { leaseMs: long })
    equals(await ask(), listOf([referrer(2)]), 'after the subject was deleted')
  }),

  metadataCase('referrers recorded twice are listed once', async (store) => {
    await record(store, here, referrer(1, 'a/b'))
    await record(store, here, referrer(1, 'c/d'))
    const { found } = await allReferrers(store, { maxBytes: ample })
    equals(found, listOf([referrer(1, 'c/d')]), 'all')
    const old = await store.listReferrers(here, subject, { artifactType: 'a/b', maxBytes: ample })
    equals(old.items, [], 'of the type it had')
  }),

  metadataCase('referrers are filtered by artifact type', async (store) => {
    const types = ['a/b', 'a/c', undefined, 'a/b', '__proto__', 'a/b']
    const manifests = types.map((type, number) => referrer(number, type))
    for (const manifest of manifests) await record(store, here, manifest)
    for (const artifactType of ['a/b', 'a/c', '__proto__', 'constructor', 'a']) {
      const matching = manifests.filter((manifest) => manifest.artifactType === artifactType)
      for (const maxBytes of [1, ample]) {
        const { found } = await allReferrers(store, { artifactType, maxBytes })
        equals(found, listOf(matching), `of type ${artifactType}`)
      }
    }
  }),

  metadataCase('referrers come in pages of about so many bytes', async (store) => {
    const manifests = Array.from({ length: 40 }, (_, number) => referrer(number, 'a/b'))
    for (const manifest of manifests) await record(store, here, manifest)
    const whole = JSON.stringify(listOf(manifests)).length
    const one = await allReferrers(store, { maxBytes: whole * 2 })
    equals([one.found, one.pages], [listOf(manifests), 1], 'with room for all')
    const few = await allReferrers(store, { maxBytes: whole / 4 })
    equals(few.found, listOf(manifests), 'with room for a quarter')
    holds(few.pages > 2 && few.pages < 10, `a quarter at a time is not ${few.pages} pages`)
    const each = await allReferrers(store, { maxBytes: 1 })
    equals([each.found, each.pages], [listOf(manifests), 40], 'with room for none')
  }),

  metadataCase('bytes of referrers are counted in UTF-8', async (store) => {
    const annotations = [['é'.repeat(100), '\u{1f433}"\n'.repeat(100)]] as const
    const manifests = Array.from({ length: 12 }, (_, number) => ({
      ...referrer(number),
      annotations,
    }))
    for (const manifest of manifests) await record(store, here, manifest)
    const maxBytes = 4000
    const { items } = await store.listReferrers(here, subject, { maxBytes })
    holds(items.length > 1 && items.length < 12, `a page of some, not ${items.length}`)
    const entries = items.map(({ annotations = [], ...rest }) => ({
      ...rest,
      annotations: Object.fromEntries(annotations),
    }))
    const size = new TextEncoder().encode(JSON.stringify(entries)).byteLength
    holds(size <= maxBytes * 1.2, `a page of ${maxBytes} bytes is not one of ${size}`)
    const { found } = await allReferrers(store, { maxBytes })
    equals(found.length, 12, 'all of them')
  }),

  metadataCase('a page of referrers may start after any digest', async (store) => {
    const manifests = [1, 2, 3, 4].map((number) => referrer(number))
    for (const manifest of manifests) await record(store, here, manifest)
    const list = listOf(manifests)
    const gone = list[1]?.digest ?? sampleDigest(0)
    await store.deleteManifest(here, gone, { leaseMs: long })
    const after = (digest: string) =>
      store.listReferrers(here, subject, { after: digest, maxBytes: ample })
    equals((await after(gone)).items, list.slice(2), 'after one that is gone')
    equals((await after('')).items, list.toSpliced(1, 1), 'after what is before all')
    const last = list.at(-1)?.digest ?? ''
    equals(await after(last), { items: [], more: false }, 'after the last')
  }),

  metadataCase('hundreds of referrers of several types', async (store) => {
    const type = (number: number) => (number % 50 === 0 ? 'rare/type' : `common/${number % 2}`)
    const manifests = Array.from({ length: 700 }, (_, number) => referrer(number, type(number)))
    await Promise.all(manifests.map((manifest) => record(store, here, manifest)))
    const goes = (_: unknown, number: number) => number % 7 === 3 || number === 100
    for (const { digest } of manifests.filter(goes))
      await store.deleteManifest(here, digest, { leaseMs: long })
    const left = manifests.filter((manifest, number) => !goes(manifest, number))
    for (const artifactType of ['rare/type', 'common/1', 'absent/type']) {
      const matching = left.filter((manifest) => manifest.artifactType === artifactType)
      const { found } = await allReferrers(store, { artifactType, maxBytes: 5000 })
      equals(found, listOf(matching), `of type ${artifactType}`)
    }
    const { found } = await allReferrers(store, { maxBytes: 5000 })
    equals(found, listOf(left), 'of all types')
  }),
]
