import { classifyReference, type Reference } from '../../oci/reference.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { ConfigContents, UnreadContent } from '../artifact/contents.ts'
import { loadConfig } from '../artifact/load-contents.ts'
import { type RepositoryReader, readManifest } from '../artifact/read-content.ts'
import { type ArtifactKind, kindOf } from '../readers/kinds.ts'
import {
  type ContentDetails,
  type ManifestDetails,
  namedBytes,
} from '../readers/manifest-details.ts'
import { ParseBudget } from '../readers/parse-budget.ts'
import { nothing } from '../readers/shapes.ts'
import type {
  ComparedSide,
  ComparisonData,
  Differences,
  ImageDifferences,
} from './comparison-data.ts'
import {
  compareConfigs,
  compareContent,
  compareEntries,
  compareEnvironments,
  compareFiles,
  compareHistories,
} from './differences.ts'
import { commonPlatforms, platformChild } from './platforms.ts'

/** Tags that are offered. */
const mostTags = 200

/** What is to be compared, as the query of a request says it. */
export interface ComparisonQuery {
  /** A tag or digest; null where none is chosen. */
  readonly from: string | null
  readonly to: string | null
  readonly platform: string | null
}

/** A manifest with all that is compared of it. */
interface Opened {
  readonly reference: Reference
  readonly digest: ComparedSide['digest']
  readonly kind: ArtifactKind
  readonly details: ManifestDetails
  /** That the manifest was not read. */
  readonly unreadable: readonly UnreadContent[]
}

/**
 * Compares two tags or digests of a repository.
 *
 * @throws RegistryError `manifestUnknown`, `tagInvalid`, `digestInvalid` for what is asked for and is not there.
 */
export async function loadComparison(
  reader: RepositoryReader,
  query: ComparisonQuery,
): Promise<ComparisonData> {
  const { service, call, repository } = reader
  const found = await service.findTags(call, repository, {
    order: 'updated',
    descending: true,
    limit: mostTags,
  })
  if (found === null) throw new RegistryError('nameUnknown', { detail: { name: repository } })
  const tags = found.items.map(({ tag }) => tag)
  const budget = new ParseBudget()
  const from = query.from === null ? null : await open(reader, query.from, budget)
  const to = query.to === null ? null : await open(reader, query.to, budget)
  const none = { platform: null, platforms: [], differences: null }
  if (from === null || to === null) {
    return { repository, from: from && side(from), to: to && side(to), ...none, tags }
  }
  const [ourConfig, theirConfig] = await Promise.all([
    loadConfig(reader, from.kind, from.details, budget),
    loadConfig(reader, to.kind, to.details, budget),
  ])
  const platforms = commonPlatforms(
    [from.details, ourConfig.image],
    [to.details, theirConfig.image],
  )
  const isIndexed = from.kind === 'index' || to.kind === 'index'
  const platform = isIndexed ? chosen(platforms, query.platform) : null
  if (isIndexed && platform === null) {
    return { repository, from: side(from), to: side(to), ...none, tags }
  }
  const ours = await partOf(reader, from, platform, ourConfig, budget)
  const theirs = await partOf(reader, to, platform, theirConfig, budget)
  return {
    repository,
    from: side(from, ours),
    to: side(to, theirs),
    platform,
    platforms,
    differences: ours && theirs && differences(ours, theirs),
    tags,
  }
}

/** A manifest that is compared itself. */
interface Part extends Opened {
  readonly config: ConfigContents
}

async function open(reader: RepositoryReader, text: string, budget: ParseBudget): Promise<Opened> {
  const reference = classifyReference(text)
  if (reference.kind === 'malformed-tag') throw new RegistryError('tagInvalid')
  if (reference.kind !== 'tag' && reference.kind !== 'digest') {
    throw new RegistryError('digestInvalid')
  }
  const opened = await openReference(reader, reference, budget)
  if (opened === null) throw new RegistryError('manifestUnknown', { detail: { reference: text } })
  return opened
}

async function openReference(
  reader: RepositoryReader,
  reference: Reference,
  budget: ParseBudget,
): Promise<Opened | null> {
  const manifest = await readManifest(reader, reference, { budget })
  if (manifest === null) return null
  const { digest, mediaType, details } = manifest
  if (typeof details === 'object') {
    return { reference, digest, kind: kindOf(mediaType, details), details, unreadable: [] }
  }
  const unreadable = [{ what: 'manifest', digest, why: details } as const]
  return { reference, digest, kind: kindOf(mediaType, empty), details: empty, unreadable }
}

const empty: ManifestDetails = {
  mediaType: null,
  artifactType: null,
  config: null,
  layers: nothing,
  manifests: nothing,
  subject: null,
  annotations: nothing,
}

/** The manifest for a platform of an index; the manifest itself where it is none. */
async function partOf(
  reader: RepositoryReader,
  opened: Opened,
  platform: string | null,
  config: ConfigContents,
  budget: ParseBudget,
): Promise<Part | null> {
  if (opened.kind !== 'index') return { ...opened, config }
  const digest = platform === null ? null : platformChild(opened.details, platform)
  const child = digest && (await openReference(reader, { kind: 'digest', digest }, budget))
  if (child === null) return null
  return { ...child, config: await loadConfig(reader, child.kind, child.details, budget) }
}

function chosen(platforms: readonly string[], wanted: string | null): string | null {
  const candidates = [wanted, 'linux/amd64', platforms[0]]
  return candidates.find((one) => one && platforms.includes(one)) ?? null
}

function side(opened: Opened, part: Part | null = null): ComparedSide {
  const { reference, digest, kind } = opened
  return {
    reference: reference.kind === 'tag' ? reference.tag : reference.digest,
    tag: reference.kind === 'tag' ? reference.tag : null,
    digest,
    kind,
    compared: part === null || part.digest === digest ? null : part.digest,
    contentSize: namedBytes((part ?? opened).details),
    createdAt: part?.config.image?.createdAt ?? null,
  }
}

function differences(from: Part, to: Part): Differences {
  const areImages = from.kind === 'image' && to.kind === 'image'
  return {
    isSame: from.digest === to.digest,
    content: compareContent(namedBy(from.details), namedBy(to.details)),
    annotations: compareEntries(from.details.annotations.items, to.details.annotations.items),
    image: imageDifferences(from, to),
    files: areImages ? null : compareFiles(from.details.layers.items, to.details.layers.items),
    unreadable: [from, to].flatMap(({ unreadable, config }) => [
      ...unreadable,
      ...config.unreadable,
    ]),
  }
}

function imageDifferences(from: Part, to: Part): ImageDifferences | null {
  const ours = from.config.image
  const theirs = to.config.image
  if (ours === null || theirs === null) return null
  return {
    config: compareConfigs(ours, theirs),
    environment: compareEnvironments(ours.environment.items, theirs.environment.items),
    labels: compareEntries(ours.labels.items, theirs.labels.items),
    history: compareHistories(ours.history.items, theirs.history.items),
  }
}

function namedBy({ config, layers }: ManifestDetails): readonly ContentDetails[] {
  return config === null ? layers.items : [config, ...layers.items]
}
