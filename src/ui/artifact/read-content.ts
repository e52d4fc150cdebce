import type { Digest } from '../../oci/digest.ts'
import type { Reference } from '../../oci/reference.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { CallContext } from '../../ports/call-context.ts'
import type { ManifestEntry } from '../../ports/metadata-store.ts'
import type { ManifestInfo, RegistryReads } from '../../ports/registry-service.ts'
import { inTurn } from '../readers/in-turn.ts'
import { type ManifestDetails, manifestDetails } from '../readers/manifest-details.ts'
import { ParseBudget } from '../readers/parse-budget.ts'
import type { RawManifest } from './artifact-data.ts'
import type { Unreadable } from './contents.ts'
import { rawManifest } from './raw-manifest.ts'

/** A repository, and on whose behalf it is looked at. */
export interface RepositoryReader {
  readonly service: RegistryReads
  readonly call: CallContext
  readonly repository: RepositoryName
}

/**
 * The bytes of a blob.
 *
 * @param most bytes that are read: a larger blob is not opened
 */
export async function readBlob(
  { service, call, repository }: RepositoryReader,
  digest: Digest,
  most: number,
): Promise<Uint8Array | Unreadable> {
  const open = await service.openBlob(call, repository, digest)
  if (open === null) return 'missing'
  if (open.size > most) {
    await open.close()
    return 'too-large'
  }
  try {
    return open.bytes ?? new Uint8Array(await new Response(open.stream()).arrayBuffer())
  } catch {
    // The bytes are damaged, or went away.
    return 'missing'
  }
}

/** Reads a blob and what it says. */
export async function readFacts<T>(
  reader: RepositoryReader,
  digest: Digest | null,
  most: number,
  read: (bytes: Uint8Array) => T | Unreadable | null,
): Promise<T | Unreadable> {
  if (digest === null) return 'unreadable'
  const bytes = await readBlob(reader, digest, most)
  if (typeof bytes === 'string') return bytes
  return (await inTurn(bytes.byteLength, () => read(bytes))) ?? 'unreadable'
}

/** How a manifest is read. */
export interface ManifestReading {
  /** Of the view. Default: one for this manifest alone. */
  readonly budget?: ParseBudget
  /** Whether its text is wanted, too. */
  readonly wantsRaw?: boolean
}

/** A manifest and what it says, without its bytes, which may be many. */
export interface ReadManifest extends ManifestInfo {
  /** Or why that is not known. */
  readonly details: ManifestDetails | Unreadable
  readonly raw: RawManifest | null
}

/** Reads a manifest and what it says; null where the repository does not have it. */
export async function readManifest(
  { service, call, repository }: RepositoryReader,
  reference: Reference,
  { budget = new ParseBudget(), wantsRaw = false }: ManifestReading = {},
): Promise<ReadManifest | null> {
  const manifest = await service.getManifest(call, repository, reference)
  if (manifest === null) return null
  const { digest, mediaType, size, bytes } = manifest
  const details = await manifestDetails(bytes, budget)
  return { digest, mediaType, size, details, raw: wantsRaw ? rawManifest(bytes) : null }
}

/** What is known of a manifest, with its tags; null where the repository does not have it. */
export async function findEntry(
  { service, call, repository }: RepositoryReader,
  digest: Digest,
): Promise<ManifestEntry | null> {
  const { items } = await service.listManifests(call, repository, {
    after: before(digest),
    limit: 1,
  })
  const [entry] = items
  return entry?.record.digest === digest ? entry : null
}

/** A text that comes before the digest in byte order, with no other digest between the two. */
function before(digest: Digest): string {
  const last = digest.length - 1
  return `${digest.slice(0, last)}${String.fromCharCode(digest.charCodeAt(last) - 1)}`
}
