import { inParallel } from '../copy/in-parallel.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { ManifestEntry } from '../ports/metadata-store.ts'
import { lookAt } from './look.ts'
import { compareRecord } from './manifest-record.ts'
import { itemsAfter, type Pass } from './pass.ts'

/** Tags that are told of a manifest that is wrong. */
const mostTags = 10

/** Hashes the manifests of all repositories, and compares what is recorded of them with what they say. */
export async function verifyManifests(pass: Pass): Promise<void> {
  const { metadata, place } = pass
  const { repository, after } = place
  if (repository !== '') await inRepository(pass, repository as RepositoryName, after)
  const names = itemsAfter(pass, (page) => metadata.listRepositories(page), String, repository)
  for await (const name of names) {
    place.enterRepository(name)
    await inRepository(pass, name, '')
  }
}

async function inRepository(pass: Pass, name: RepositoryName, after: string): Promise<void> {
  const { metadata, place, concurrency, patiently, progress } = pass
  const entries = itemsAfter(
    pass,
    (page) => metadata.listManifests(name, page),
    ({ record }) => record.digest,
    after,
  )
  await inParallel(entries, concurrency, async (entry) => {
    const end = place.begin(entry.record.digest)
    await patiently(() => verifyManifest(pass, name, entry))
    progress.manifests += 1
    pass.looked()
    await end()
  })
}

async function verifyManifest(
  pass: Pass,
  name: RepositoryName,
  { record, tags }: ManifestEntry,
): Promise<void> {
  const { blobs, findings, progress } = pass
  const whose = { what: 'manifest', repositories: [name], tags: tags.slice(0, mostTags) } as const
  const look = await lookAt({ ...pass, from: blobs, sent: () => {} }, record.blob, true)
  if (look.kind === 'wrong') return await findings.wrong(record.blob, look.problem, whose)
  if (look.kind === 'passing') progress.passing += 1
  const compared = compareRecord(record, look.bytes ?? new Uint8Array(0))
  if (compared.kind === 'other') await findings.otherRecord(record, compared, whose)
}
