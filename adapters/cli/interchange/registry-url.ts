import { parseRepositoryName, parseTag, type RepositoryName, type Tag } from '../../../src/index.ts'
import { RegistryClient, type Selection } from '../../../src/kit.ts'
import type { Side } from '../copy/place.ts'
import { plain } from '../plain-text.ts'
import type { Words } from '../words.ts'
import { loginFor } from './registry-login.ts'

/** A registry over HTTP, as the command line names it. */
export interface RegistryUrl {
  readonly url: URL
  /** What the URL names behind the host; null for the whole registry. */
  readonly selection: Selection | null
  readonly credentialsFile: string | null
  /** Origins of token servers that may get the credentials. */
  readonly realms: readonly string[]
}

/** Flags of a side that may be a registry over HTTP, beside the one that names it. */
export function registryFlags(side: Exclude<Side, 'here'>): Readonly<Record<string, string>> {
  return { [`${side}-credentials-file`]: 'FILE', [`${side}-realm`]: 'URL' }
}

/** Whether a text means a registry over HTTP. */
export function isRegistryUrl(text: string | undefined): text is string {
  return text !== undefined && /^https?:\/\//i.test(text)
}

/** Parses the flags of a side that is a registry over HTTP. Pushes what is wrong with them, a sentence each. */
export function registryUrlOf(
  { values }: Words,
  side: Exclude<Side, 'here'>,
  problems: string[],
): RegistryUrl | null {
  const text = values.get(side)?.at(-1)
  if (!isRegistryUrl(text)) return null
  const credentialsFile = values.get(`${side}-credentials-file`)?.at(-1) ?? null
  const realms = (values.get(`${side}-realm`) ?? []).flatMap((realm) => {
    if (URL.canParse(realm) && isRegistryUrl(realm)) return new URL(realm).origin
    problems.push(
      `--${side}-realm ${plain(realm, 200)}: is not a URL such as https://auth.example.com`,
    )
    return []
  })
  const shown = `--${side} ${plain(text.replace(/\/\/[^/]*@/, '//…@'), 200)}`
  if (!URL.canParse(text)) {
    problems.push(`${shown}: is not a URL`)
    return null
  }
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') {
    problems.push(`${shown}: a login belongs in a file; --${side}-credentials-file`)
  }
  if (url.search !== '' || url.hash !== '') problems.push(`${shown}: ends with its path`)
  const isHub = /^(?:(?:index|registry-1)\.)?docker\.io$/.test(url.hostname)
  // Docker's own images are in a repository whose name users leave out.
  const isOfficial = isHub && /^\/[^/]+$/.test(url.pathname)
  const selection = selectionIn(isOfficial ? `/library${url.pathname}` : url.pathname)
  if (selection === 'wrong') problems.push(`${shown}: does not name a repository`)
  else if (selection !== null && side === 'to') {
    problems.push(`${shown}: repositories keep their names; name the registry alone`)
  }
  if (isHub) url.hostname = 'registry-1.docker.io'
  return { url, credentialsFile, realms, selection: selection === 'wrong' ? null : selection }
}

/** A client of that registry, with its login. @throws CliError */
export async function openRegistryUrl(
  { url, credentialsFile, realms }: RegistryUrl,
  signal: AbortSignal,
): Promise<RegistryClient> {
  const credentials = await loginFor(url, credentialsFile)
  return new RegistryClient({ url, credentials, realms, signal })
}

function selectionIn(pathname: string): Selection | null | 'wrong' {
  const path = pathname.replace(/^\/(?:v2\/)?|\/$/g, '')
  if (path === '' || path === 'v2') return null
  const colon = path.indexOf(':')
  const name = parseRepositoryName(colon === -1 ? path : path.slice(0, colon))
  const tag = colon === -1 ? null : parseTag(path.slice(colon + 1))
  if (name === null || (colon !== -1 && tag === null)) return 'wrong'
  return new Map<RepositoryName, readonly Tag[] | null>([[name, tag === null ? null : [tag]]])
}
