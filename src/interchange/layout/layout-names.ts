import { parseRepositoryName, type RepositoryName } from '../../oci/repository-name.ts'
import { parseTag, type Tag } from '../../oci/tag.ts'
import { annotationKeys, type LayoutEntry } from './layout-index.ts'

/** Where an entry of a layout belongs. */
export interface EntryName {
  /** Null where the layout does not say. */
  readonly repository: RepositoryName | null
  /** Null where it has none, or none that registries take. */
  readonly tag: Tag | null
  /** The name it has in the layout, where that is no tag and no reference. */
  readonly unusable: string | null
}

const nameless: EntryName = { repository: null, tag: null, unusable: null }

/** What an entry is called: by our annotations, by a whole reference, or by a tag. */
export function nameOfEntry({ annotations }: LayoutEntry): EntryName {
  const repository = parseRepositoryName(annotations.get(annotationKeys.repository) ?? '')
  if (repository !== null) {
    const tag = parseTag(annotations.get(annotationKeys.tag) ?? '')
    return { repository, tag, unusable: null }
  }
  const whole = annotations.get(annotationKeys.containerdName)
  const reference = whole === undefined ? null : parseReference(whole)
  if (reference !== null) return reference
  const name = annotations.get(annotationKeys.refName)
  if (name === undefined) return nameless
  const tag = parseTag(name)
  if (tag !== null) return { ...nameless, tag }
  return parseReference(name) ?? { ...nameless, unusable: name }
}

/** `docker.io/library/alpine:3.20`, its host left out; null where it has no repository and no tag. */
export function parseReference(text: string): EntryName | null {
  if (text.length > 1000) return null
  const [name = ''] = text.split('@')
  const slash = name.indexOf('/')
  const host = name.slice(0, Math.max(slash, 0))
  const path = /[.:]|^localhost$/.test(host) ? name.slice(slash + 1) : name
  const colon = path.lastIndexOf(':')
  if (colon < path.lastIndexOf('/') || colon === -1) return null
  const repository = parseRepositoryName(path.slice(0, colon))
  const tag = parseTag(path.slice(colon + 1))
  return repository === null || tag === null ? null : { repository, tag, unusable: null }
}

const alphanumeric = '[A-Za-z0-9]+(?:(?:[-._:@+]|--)[A-Za-z0-9]+)*'
const refNameGrammar: RegExp = new RegExp(`^${alphanumeric}(?:/${alphanumeric})*$`)

/** Whether a layout may call something so (image-spec, annotations.md, "org.opencontainers.image.ref.name"). */
export function isRefName(text: string): boolean {
  return refNameGrammar.test(text)
}

/** The tag under which clients find a manifest's referrers where there is no API for them. */
export function referrersTag(subject: string): string {
  return subject.replace(':', '-').slice(0, 128)
}

/** Whether a tag is one that {@link referrersTag} makes. */
export function isReferrersTag(tag: string): boolean {
  return /^(?:sha256-[a-f0-9]{64}|sha512-[a-f0-9]{121})$/.test(tag)
}
