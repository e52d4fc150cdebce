import type { Digest } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Tag } from '../../oci/tag.ts'
import type { ArtifactKind } from '../readers/kinds.ts'
import type { RegistryHost } from './registry-host.ts'

/** What can pull, each by its own commands. */
export type PullClient =
  | 'docker'
  | 'podman'
  | 'podman-artifact'
  | 'kubernetes'
  | 'skopeo'
  | 'crane'
  | 'oras'
  | 'helm'
  | 'kubernetes-volume'

/** How a client pulls. A command is one line, or lines of a Kubernetes manifest. */
export interface PullCommand {
  readonly client: PullClient
  /** Null where it was asked for by digest. */
  readonly byTag: string | null
  readonly byDigest: string
}

/** What is to be pulled. All of it is checked, so that nothing has to be quoted for a shell. */
export interface PullTarget {
  readonly host: RegistryHost
  readonly repository: RepositoryName
  readonly tag: Tag | null
  readonly digest: Digest
  readonly kind: ArtifactKind
}

/** One name of what is pulled. */
interface Named {
  /** `host/name:tag` or `host/name@digest`. */
  readonly reference: string
  /** Where a copy goes: the last part of the repository's name. */
  readonly folder: string
  /** A tag for the copy: layouts have no digests as names. */
  readonly tag: string
  readonly isTag: boolean
}

/** Clients for what is pulled, the likely one first. */
function clientsFor(kind: ArtifactKind): readonly PullClient[] {
  switch (kind) {
    case 'image':
    case 'index':
      return ['docker', 'podman', 'kubernetes', 'skopeo', 'crane', 'oras', 'kubernetes-volume']
    case 'chart':
      return ['helm', 'oras', 'skopeo', 'crane']
    default:
      return ['oras', 'skopeo', 'crane', 'podman-artifact', 'kubernetes-volume']
  }
}

/** Commands that pull something, by tag and by digest, the likely client first. */
export function pullCommands(target: PullTarget): readonly PullCommand[] {
  const { host, repository, tag, digest } = target
  const base = `${host.name}/${repository}`
  const folder = repository.slice(repository.lastIndexOf('/') + 1)
  const byTag = tag && { reference: `${base}:${tag}`, folder, tag, isTag: true }
  const byDigest = { reference: `${base}@${digest}`, folder, tag: tag ?? 'latest', isTag: false }
  return clientsFor(target.kind).map((client) => ({
    client,
    byTag: byTag && command(client, byTag, target),
    byDigest: command(client, byDigest, target),
  }))
}

function command(client: PullClient, named: Named, target: PullTarget): string {
  const { reference, folder, tag, isTag } = named
  const { host, kind } = target
  const isImage = kind === 'image' || kind === 'index'
  const when = (flag: string): string => (host.isPlain ? ` ${flag}` : '')
  switch (client) {
    case 'docker':
      return `docker pull ${word(reference)}`
    case 'podman':
      return `podman pull${when('--tls-verify=false')} ${word(reference)}`
    case 'podman-artifact':
      return `podman artifact pull${when('--tls-verify=false')} ${word(reference)}`
    case 'skopeo': {
      const all = kind === 'index' ? ' --all' : ''
      const from = word(`docker://${reference}`)
      return `skopeo copy${all}${when('--src-tls-verify=false')} ${from} oci:${folder}:${tag}`
    }
    case 'crane':
      return `crane pull${when('--insecure')} --format=oci ${word(reference)} ${folder}`
    case 'oras':
      return isImage
        ? `oras cp${when('--from-plain-http')} ${word(reference)} --to-oci-layout ${folder}:${tag}`
        : `oras pull${when('--plain-http')} ${word(reference)}`
    case 'helm': {
      const { repository } = target
      const chart = word(`oci://${isTag ? `${host.name}/${repository}` : reference}`)
      return `helm pull ${chart}${isTag ? chartVersion(tag) : ''}${when('--plain-http')}`
    }
    case 'kubernetes':
      return `containers:\n  - name: ${folderName(folder)}\n    image: ${yamlText(reference)}`
    case 'kubernetes-volume':
      return `volumes:\n  - name: ${folderName(folder)}\n    image:\n      reference: ${yamlText(reference)}`
  }
}

/** A word of a command. The address of a host in IPv6 has brackets, which some shells take for a pattern. */
function word(text: string): string {
  return text.includes('[') ? `'${text}'` : text
}

/** Helm has the version apart from the name. A version may have a `+`, for which its tag has a `_`. */
function chartVersion(tag: string): string {
  return ` --version ${tag.replaceAll('_', '+')}`
}

/** A name that Kubernetes takes: a label of DNS (RFC 1123). */
function folderName(folder: string): string {
  const label = folder.replace(/[^a-z0-9-]+/g, '-').slice(0, 63)
  return yamlText(label.replace(/^-+|-+$/g, '') || 'app')
}

/** Words that stand for something else than themselves in some version of YAML. */
const yamlWords = /^(?:null|true|false|yes|no|on|off|y|n)$/

/** A name or a reference in YAML, in quotes where it would be a number, a list or such a word without them. */
function yamlText(text: string): string {
  const isText = (/^[a-z]/.test(text) || text.includes('/')) && !text.startsWith('[')
  return isText && !yamlWords.test(text) ? text : `"${text}"`
}
