import type { RepositoryName } from '../../oci/repository-name.ts'
import { parseTag, type Tag } from '../../oci/tag.ts'
import { boundedLines, boundedText, boundedTime, safeLink } from '../bounded.ts'
import { describing } from '../facts/config-facts.ts'
import type { ManifestFacts } from '../facts/manifest-facts.ts'
import { subjectOfTag } from '../facts/subject-of-tag.ts'
import type { Visit } from '../visit.ts'
import type { AboutRepository } from './repository-data.ts'

/** Tags that are looked at for one that is no signature. */
const mostTags = 10

/**
 * Loads what a repository is about: what the image under `latest` says of itself, or the one that was pushed last. An
 * annotation of an index counts more than one of its first image, and that more than a label. Null where nothing
 * says anything.
 */
export async function loadAbout(
  visit: Visit,
  repository: RepositoryName,
): Promise<AboutRepository | null> {
  const { deps, viewer } = visit
  const { call } = viewer
  const tag = await tagOf(visit, repository)
  if (tag === null) return null
  const found = await deps.service.statManifest(call, repository, { kind: 'tag', tag })
  if (found === null) return null
  const facts = await deps.facts.manifest(call, repository, found.digest)
  if (facts === null) return null
  const texts: Map<string, string> = new Map()
  const add = (entries: ReadonlyArray<readonly [string, string]>): void => {
    for (const [key, text] of entries) if (!texts.has(key)) texts.set(key, text)
  }
  add(facts.annotations.items)
  const image = facts.kind === 'index' ? await firstImage(visit, repository, facts) : facts
  if (image !== null && image !== facts) add(image.annotations.items)
  const { digest = null, size = null } = image?.config ?? {}
  if (image?.kind === 'image' && digest !== null && size !== null) {
    add((await deps.facts.config(call, repository, digest, size))?.described ?? [])
  }
  const about = aboutOf(tag, texts)
  const { tag: _, createdAt: __, version: ___, ...said } = about
  return Object.values(said).some((value) => value !== null) ? about : null
}

async function tagOf({ deps, viewer }: Visit, repository: RepositoryName): Promise<Tag | null> {
  const latest = parseTag('latest') as Tag
  const reference = { kind: 'tag', tag: latest } as const
  if ((await deps.service.statManifest(viewer.call, repository, reference)) !== null) return latest
  const found = await deps.service.findTags(viewer.call, repository, {
    order: 'updated',
    descending: true,
    limit: mostTags,
  })
  return found?.items.find(({ tag }) => subjectOfTag(tag) === null)?.tag ?? null
}

async function firstImage(
  { deps, viewer }: Visit,
  repository: RepositoryName,
  { manifests }: ManifestFacts,
): Promise<ManifestFacts | null> {
  for (const { digest, platform } of manifests.items.slice(0, 4)) {
    if (digest === null || platform?.os === 'unknown') continue
    const facts = await deps.facts.manifest(viewer.call, repository, digest)
    if (facts !== null) return facts
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
