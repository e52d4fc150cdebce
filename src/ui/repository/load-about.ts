import type { RepositoryName } from '../../oci/repository-name.ts'
import { parseTag, type Tag } from '../../oci/tag.ts'
import { pullCommands } from '../artifact/pull-commands.ts'
import { registryHost } from '../artifact/registry-host.ts'
import { boundedLines, boundedText, boundedTime, safeLink } from '../bounded.ts'
import { describing, type ManifestSummary } from '../facts/summaries.ts'
import { attachedTag } from '../readers/kinds.ts'
import type { Visit } from '../visit.ts'
import type { AboutRepository, ListedTags } from './repository-data.ts'

/** Tags that are looked at for one that is no signature. */
const mostTags = 10

/** What the newest image of a repository tells. */
export interface Newest {
  readonly about: AboutRepository | null
  /** How it is pulled by the client that is likely to; null where no command can name this registry. */
  readonly pull: string | null
}

/**
 * Loads what a repository is about: what the image under `latest` says of itself, or the one that was pushed last. An
 * annotation of an index counts more than one of its first image, and that more than a label. Null where there is no
 * tag.
 *
 * @param listed tags of which the first counts in place of the one that was pushed last; null to look for it
 */
export async function loadNewest(
  visit: Visit,
  repository: RepositoryName,
  listed: readonly ListedTags[] | null,
): Promise<Newest | null> {
  const { deps, viewer, url } = visit
  const { call } = viewer
  const tag = await tagOf(visit, repository, listed)
  if (tag === null) return null
  const found = await deps.service.statManifest(call, repository, { kind: 'tag', tag })
  if (found === null) return null
  const { digest } = found
  const summary = await visit.facts.manifest(call, repository, digest)
  if (summary === null) return null
  const { kind } = summary
  const host = registryHost(url, call.peer)
  const [first] = host === null ? [] : pullCommands({ host, repository, tag, digest, kind })
  return { about: await aboutFrom(visit, repository, tag, summary), pull: first?.byTag ?? null }
}

/** Null where nothing says anything. */
async function aboutFrom(
  visit: Visit,
  repository: RepositoryName,
  tag: Tag,
  summary: ManifestSummary,
): Promise<AboutRepository | null> {
  const { viewer } = visit
  const image = summary.kind === 'index' ? await firstImage(visit, repository, summary) : summary
  const config =
    image?.kind === 'image' && image.config !== null
      ? await visit.facts.config(viewer.call, repository, image.config)
      : null
  // Of entries with the same key, a map keeps the last.
  const texts = new Map([
    ...(config?.described ?? []),
    ...(image?.described ?? []),
    ...summary.described,
  ])
  const about = aboutOf(tag, texts)
  const { tag: _, createdAt: __, version: ___, ...said } = about
  return Object.values(said).some((value) => value !== null) ? about : null
}

async function tagOf(
  { deps, viewer }: Visit,
  repository: RepositoryName,
  listed: readonly ListedTags[] | null,
): Promise<Tag | null> {
  const latest = parseTag('latest') as Tag
  const reference = { kind: 'tag', tag: latest } as const
  if ((await deps.service.statManifest(viewer.call, repository, reference)) !== null) return latest
  if (listed !== null) return listed.find(({ attachedTo }) => attachedTo === null)?.tags[0] ?? null
  const found = await deps.service.findTags(viewer.call, repository, {
    order: 'updated',
    descending: true,
    limit: mostTags,
  })
  return found?.items.find(({ tag }) => attachedTag(tag) === null)?.tag ?? null
}

async function firstImage(
  { facts, viewer }: Visit,
  repository: RepositoryName,
  { platforms }: ManifestSummary,
): Promise<ManifestSummary | null> {
  for (const { digest } of platforms.items.slice(0, 4)) {
    const found = digest && (await facts.manifest(viewer.call, repository, digest))
    if (found) return found
  }
  return null
}

function aboutOf(tag: Tag, texts: ReadonlyMap<string, string>): AboutRepository {
  const line = (key: string, most = 200): string | null =>
    boundedText(texts.get(`${describing}${key}`), most)
  const link = (key: string): string | null => safeLink(texts.get(`${describing}${key}`)?.trim())
  const created = texts.get(`${describing}created`)
  return {
    tag,
    title: line('title'),
    description: boundedLines(texts.get(`${describing}description`), 4_000),
    version: line('version'),
    licenses: line('licenses'),
    vendor: line('vendor'),
    authors: line('authors', 500),
    revision: line('revision'),
    base: line('base.name', 300),
    createdAt: boundedTime(created),
    source: link('source'),
    documentation: link('documentation'),
    home: link('url'),
    readme: safeLink(texts.get('io.artifacthub.package.readme-url')?.trim()),
  }
}
