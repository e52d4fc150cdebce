import type { RegistryStores, RepositoryName, Tag } from '../../src/index.ts'
import type { CopiedStores } from '../../src/kit.ts'
import { readAll, repositoryNamed, tagNamed } from '../../src/testing/index.ts'
import { bytesOf, digestOfContent, pushBlob, pushManifest, run } from '../copy/content.ts'

const oci = 'application/vnd.oci.image'
const docker = 'application/vnd.docker'

/** A manifest of blobs by their numbers, and of what else is given. */
export function image(blobs: readonly number[], more: object = {}): string {
  const [config, ...layers] = [0, ...blobs].map((number) => ({
    mediaType: 'application/octet-stream',
    digest: digestOfContent(bytesOf(number)),
    size: bytesOf(number).byteLength,
  }))
  const mediaType = `${oci}.manifest.v1+json`
  return JSON.stringify({ schemaVersion: 2, mediaType, config, layers, ...more })
}

/** An index of manifests that are given as texts. */
export function index(manifests: readonly string[], more: object = {}): string {
  const mediaType = `${oci}.index.v1+json`
  return JSON.stringify({
    schemaVersion: 2,
    mediaType,
    manifests: manifests.map(descriptor),
    ...more,
  })
}

/** What a manifest is named by. */
export function descriptor(text: string): { mediaType: string; digest: string; size: number } {
  const { mediaType = `${oci}.manifest.v1+json` } = JSON.parse(text)
  return { mediaType, digest: digestOfContent(text), size: Buffer.byteLength(text) }
}

export const app: RepositoryName = repositoryNamed('team/app')
export const other: RepositoryName = repositoryNamed('other')

const amd64 = image([1, 2])
const arm64 = image([1, 3])
export const multi: string = index([amd64, arm64])
const nested = index([multi, image([2])])
const dockerImage = image([3], { mediaType: `${docker}.distribution.manifest.v2+json` })
const dockerList = index([dockerImage], {
  mediaType: `${docker}.distribution.manifest.list.v2+json`,
})
export const signature: string = image([1], {
  artifactType: 'application/vnd.example.signature',
  subject: descriptor(multi),
  annotations: { 'org.example.é': 'ü' },
})
const ofSignature = image([2], { artifactType: 'a/b', subject: descriptor(signature) })
const ofAmd64 = index([], { artifactType: 'c/d', subject: descriptor(amd64) })
/** White space and an order of keys that no program writes. */
const odd = `{ "layers": [],\n "schemaVersion" : 2,\t"config":${JSON.stringify({
  digest: digestOfContent(bytesOf(0)),
  size: 0,
  mediaType: 'application/vnd.oci.empty.v1+json',
})} }`
const untagged = image([2, 3])

const named = (text: string): Tag => tagNamed(text)

/** Fills stores with something of every kind. */
export async function fill(stores: RegistryStores): Promise<void> {
  await run(stores, [
    ...[app, other].flatMap((name) => [0, 1, 2, 3].map((number) => pushBlob(name, number))),
    pushManifest(app, amd64),
    pushManifest(app, arm64, [named('arm64')]),
    pushManifest(app, multi, [named('v1'), named('latest')]),
    pushManifest(app, image([2])),
    pushManifest(app, nested, [named('nested')]),
    pushManifest(app, dockerImage, [named('_odd-'), named('v1..2')]),
    pushManifest(app, dockerList, [named('docker')]),
    pushManifest(app, signature),
    pushManifest(app, ofSignature),
    pushManifest(app, ofAmd64),
    pushManifest(app, odd, [named('odd')]),
    pushManifest(app, image([3, 1]), [named('sha512')], 'sha512'),
    pushManifest(other, amd64, [named('v1')]),
    pushManifest(other, untagged),
  ])
}

/** What clients get of a registry's manifests, and of all that they name. */
export async function served({ blobs, metadata }: CopiedStores): Promise<unknown> {
  const page = { limit: 10_000 }
  const view: unknown[] = []
  for (const name of (await metadata.listRepositories(page)).items) {
    const manifests = []
    for (const { record, tagCount } of (await metadata.listManifests(name, page))?.items ?? []) {
      const { blob, pushedAt, untaggedAt: _, pulledAt: __, ...facts } = record
      const open = await blobs.open(blob, 'anew')
      const text = open && new TextDecoder().decode(await readAll(open.stream()))
      const content = []
      for (const digest of record.references) {
        const found = await metadata.findBlob(name, digest)
        const bytes = found && (await blobs.open(found, 'anew'))
        content.push([digest, bytes && digestOfContent(await readAll(bytes.stream()))])
      }
      const referrers = await metadata.listReferrers(name, record.digest, { maxBytes: 1e9 })
      // A layout has no place for the time of a manifest that only an index leads to.
      const time = tagCount > 0 ? pushedAt : null
      manifests.push({ ...facts, time, text, content, referrers })
    }
    const tags = await metadata.listTagRecords(name, page)
    if (manifests.length > 0) view.push({ name, manifests, tags })
  }
  return view
}
