import type { Digest } from '../../oci/digest.ts'
import type { Reference } from '../../oci/reference.ts'
import type { ManifestEntry } from '../../ports/metadata-store.ts'
import { wholeSize } from '../facts/whole-size.ts'
import { type ArtifactKind, attachedTag, kindOf } from '../readers/kinds.ts'
import { type ManifestDetails, namedBytes } from '../readers/manifest-details.ts'
import { nothing } from '../readers/shapes.ts'
import type { ArtifactData } from './artifact-data.ts'
import type { Contents, Unreadable } from './contents.ts'
import { countAttached } from './count-attached.ts'
import { loadContents } from './load-contents.ts'
import { findParents, loadPlatforms } from './load-platforms.ts'
import { pullCommands } from './pull-commands.ts'
import { findEntry, type RepositoryReader, readManifest } from './read-content.ts'
import type { RegistryHost } from './registry-host.ts'

/** What a tag or digest is asked for with. */
export interface ArtifactQuery {
  readonly reference: Reference
  /** Null where the request's host cannot stand in a command. */
  readonly host: RegistryHost | null
  /** Whether the manifest itself is asked for as text. */
  readonly wantsRaw: boolean
}

/** Collects what is known of a tag or digest; null where the repository does not have it. */
export async function loadArtifact(
  reader: RepositoryReader,
  { reference, host, wantsRaw }: ArtifactQuery,
): Promise<ArtifactData | null> {
  const { service, call, repository } = reader
  const manifest = await readManifest(reader, reference, { wantsRaw })
  if (manifest === null) return null
  const { digest, mediaType, size, raw } = manifest
  const tag = reference.kind === 'tag' ? reference.tag : null
  const why = typeof manifest.details === 'string' ? manifest.details : null
  const details = typeof manifest.details === 'string' ? null : manifest.details
  const kind = details === null ? 'artifact' : kindOf(mediaType, details)
  const [entry, parents, [referrers = []], contents, platforms] = await Promise.all([
    findEntry(reader, digest),
    findParents(reader, digest),
    service.countReferrers(call, repository, [digest]),
    details === null ? unread(digest, why) : loadContents(reader, kind, details),
    details === null || kind !== 'index' ? null : loadPlatforms(reader, details),
  ])
  return {
    repository,
    tag,
    digest,
    kind,
    mediaType,
    artifactType: details?.artifactType ?? null,
    size,
    contentSize: wholeSize(
      entry?.record.contentSize ?? sizeOf(kind, details),
      platforms?.items.map(({ contentSize }) => contentSize) ?? [],
    ),
    ...history(entry),
    tags: entry === null ? nothing : { items: entry.tags, count: entry.tagCount },
    attachedTo: tag === null ? null : (attachedTag(tag)?.subject ?? null),
    subject: details?.subject ?? null,
    parents,
    annotations: details?.annotations ?? nothing,
    platforms,
    layers: details?.layers ?? nothing,
    referrers,
    attached: await countAttached(reader, digest, referrers),
    ...contents,
    pull: host === null ? [] : pullCommands({ host, repository, tag, digest, kind }),
    isInsecure: host?.isPlain === true && !host.isLoopback,
    raw,
  }
}

/** What the repository noted of a manifest beside its bytes. */
function history(
  entry: ManifestEntry | null,
): Pick<ArtifactData, 'pushedAt' | 'pushedBy' | 'pulledAt'> {
  const { pushedAt = null, pushedBy = null, pulledAt = null } = entry?.record ?? {}
  return { pushedAt, pushedBy, pulledAt }
}

/** What the manifest itself says, where the store has noted nothing. That of an index says nothing. */
function sizeOf(kind: ArtifactKind, details: ManifestDetails | null): number | null {
  return details === null || kind === 'index' ? null : namedBytes(details)
}

function unread(digest: Digest, why: Unreadable | null): Contents {
  return {
    image: null,
    chart: null,
    signature: null,
    documents: [],
    unreadable: [{ what: 'manifest', digest, why: why ?? 'unreadable' }],
  }
}
