import type { Digest } from '../oci/digest.ts'
import type { Reference } from '../oci/reference.ts'
import type { RepositoryName } from '../oci/repository-name.ts'

/** Parameters of a link; null and undefined ones are left out. */
export type Query = Readonly<Record<string, string | number | readonly string[] | null | undefined>>

/** Builds every link of the page, with the prefix. */
export interface UiPaths {
  /** What all paths of the page's own begin with: `/registry/_layerdock/`. */
  readonly own: string
  /** What all paths of the registry's API begin with: `/registry/v2/`. */
  readonly api: string
  home(query?: Query): string
  repository(name: RepositoryName, query?: Query): string
  /** A tag or a digest. */
  artifact(name: RepositoryName, reference: Reference, query?: Query): string
  compare(name: RepositoryName, query?: Query): string
  /** What would be deleted: a repository, or a tag or digest in it. */
  deletion(name: RepositoryName, reference?: Reference | null, query?: Query): string
  trash(query?: Query): string
  restore(): string
  login(query?: Query): string
  logout(): string
  events(query?: Query): string
  style(hash: string): string
  /** Where the registry's API has a manifest, exactly as it was pushed. */
  manifest(name: RepositoryName, reference: Reference): string
  /** Where the registry's API has a blob. */
  blob(name: RepositoryName, digest: Digest): string
}

/** Links below a prefix that is empty or begins with a slash and does not end in one. */
export function uiPaths(prefix: string): UiPaths {
  const own = `${prefix}/_layerdock/`
  const api = `${prefix}/v2/`
  return {
    own,
    api,
    home: (query) => withQuery(own, query),
    repository: (name, query) => withQuery(`${own}repositories/${name}`, query),
    artifact: (name, reference, query) =>
      withQuery(`${own}repositories/${named(name, reference)}`, query),
    compare: (name, query) => withQuery(`${own}compare/${name}`, query),
    deletion: (name, reference, query) =>
      withQuery(`${own}delete/${reference ? named(name, reference) : name}`, query),
    trash: (query) => withQuery(`${own}trash`, query),
    restore: () => `${own}restore`,
    login: (query) => withQuery(`${own}login`, query),
    logout: () => `${own}logout`,
    events: (query) => withQuery(`${own}events`, query),
    style: (hash) => `${own}style-${hash}.css`,
    manifest: (name, reference) => `${api}${name}/manifests/${referenceText(reference)}`,
    blob: (name, digest) => `${api}${name}/blobs/${digest}`,
  }
}

/** A tag or digest as clients write it after a repository's name: `:latest`, `@sha256:…`. */
export function referenceSuffix(reference: Reference): string {
  return reference.kind === 'tag' ? `:${reference.tag}` : `@${reference.digest}`
}

/** A tag or digest by itself. */
export function referenceText(reference: Reference): string {
  return reference.kind === 'tag' ? reference.tag : reference.digest
}

function named(name: RepositoryName, reference: Reference): string {
  return `${name}${referenceSuffix(reference)}`
}

/** A path with parameters, in the order they are given. */
export function withQuery(path: string, query: Query = {}): string {
  const parameters = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) {
    if (value === null || value === undefined || value === '') continue
    for (const one of Array.isArray(value) ? value : [value]) parameters.append(key, String(one))
  }
  const text = parameters.toString()
  return text === '' ? path : `${path}?${text}`
}

/**
 * How the page's paths begin when they arrive here.
 *
 * @throws TypeError when they do not begin with `stripped`, or nothing would be left of them.
 */
export function arrivalBase(prefix: string, stripped: string): string {
  const bare = stripped.replace(/\/+$/, '')
  if (`${prefix}/`.startsWith(`${bare}/`)) return prefix.slice(bare.length)
  throw new TypeError(
    `stripped ${JSON.stringify(stripped)} is not how the page's path ${JSON.stringify(`${prefix}/`)} begins`,
  )
}
