import { portableHash } from '../../memory/portable-hash.ts'
import { algorithmOf, type Digest, parseDigest } from '../../oci/digest.ts'
import { mediaTypes, normalizeMediaType } from '../../oci/media-types.ts'
import type { Reference } from '../../oci/reference.ts'
import { parseRepositoryName, type RepositoryName } from '../../oci/repository-name.ts'
import { parseTag, type Tag } from '../../oci/tag.ts'
import type { HashFactory } from '../../ports/streaming-hash.ts'
import {
  ContentFault,
  type ContentRoot,
  type ContentSource,
  type NamedContent,
  type SourceBlob,
  type SourceManifest,
} from '../content.ts'
import { readLayoutIndex } from '../layout/layout-index.ts'
import { referrersTag } from '../layout/layout-names.ts'
import { hashOf, mostManifestBytes } from '../read-manifest.ts'
import { resumedStream } from './blob-stream.ts'
import { pagesOf, stringsIn } from './pages.ts'
import { problemIn, readBody } from './read-body.ts'
import type { RegistryClient, RegistryRequest } from './registry-client.ts'

/** What a client of a registry takes: also what it refuses then, so that it can say so. */
const accept: string = [
  mediaTypes.ociIndex,
  mediaTypes.dockerManifestList,
  mediaTypes.ociManifest,
  mediaTypes.dockerManifest,
  '*/*;q=0.1',
].join(', ')

/** A registry over HTTP: its tags, what they stand for, and referrers. Manifests without a tag cannot be listed. */
export function httpSource(
  client: RegistryClient,
  hash: HashFactory = portableHash,
): ContentSource {
  return new HttpSource(client, hash)
}

class HttpSource implements ContentSource {
  readonly listsManifests = false
  readonly #client: RegistryClient
  readonly #hash: HashFactory

  constructor(client: RegistryClient, hash: HashFactory) {
    this.#client = client
    this.#hash = hash
  }

  async *repositories(): AsyncGenerator<RepositoryName> {
    const client = this.#client
    const url = client.url('_catalog?n=1000')
    const none = [400, 401, 403, 404, 405, 501]
    for await (const page of pagesOf(client, url, ['registry:catalog:*'], none)) {
      if (page === null)
        throw new ContentFault(
          'refused',
          `${client.origin} does not list its repositories: name them`,
        )
      for (const text of stringsIn(page, 'repositories')) {
        const name = parseRepositoryName(text)
        if (name !== null) yield name
      }
    }
  }

  async *roots(
    repository: RepositoryName,
    only: readonly Tag[] | null,
  ): AsyncGenerator<ContentRoot> {
    if (only !== null) {
      for (const tag of only) yield { tag, digest: null }
      return
    }
    const client = this.#client
    const url = client.url(`${repository}/tags/list?n=1000`)
    for await (const page of pagesOf(client, url, pull(repository), [404])) {
      if (page === null) throw new ContentFault('missing', 'there is no such repository')
      for (const name of stringsIn(page, 'tags')) {
        const tag = parseTag(name)
        if (tag !== null) yield { tag, digest: null }
        else yield notATag(name)
      }
    }
  }

  async readManifest(repository: RepositoryName, reference: Reference): Promise<SourceManifest> {
    const path = reference.kind === 'tag' ? reference.tag : reference.digest
    const response = await this.#get(`${repository}/manifests/${path}`, {
      headers: { accept },
      scopes: pull(repository),
    })
    const bytes = await readBody(response, mostManifestBytes)
    const mediaType = normalizeMediaType(response.headers.get('content-type') ?? '')
    const said = parseDigest(response.headers.get('docker-content-digest') ?? '')
    const algorithm = said === null ? 'sha256' : algorithmOf(said)
    const digest =
      reference.kind === 'digest'
        ? reference.digest
        : (said ?? (await hashOf(this.#hash, algorithm, bytes)))
    return { digest, bytes, ...(mediaType === null ? {} : { mediaType }) }
  }

  async openBlob(repository: RepositoryName, { digest, size }: NamedContent): Promise<SourceBlob> {
    const path = `${repository}/blobs/${digest}`
    const scopes = pull(repository)
    const response = await this.#get(path, { scopes })
    const { body, headers } = response
    if (body === null) return { size: 0, stream: new Response('').body ?? nothing() }
    const isEncoded = (headers.get('content-encoding') ?? 'identity') !== 'identity'
    const length = Number(headers.get('content-length') ?? Number.NaN)
    const whole = !isEncoded && Number.isSafeInteger(length) && length >= 0 ? length : size
    const stream = resumedStream(body, whole, async (offset) => {
      const range = { range: `bytes=${offset}-` }
      const rest = await this.#client.send(this.#client.url(path), { headers: range, scopes })
      const from = /^bytes (\d+)-/.exec(rest.headers.get('content-range') ?? '')?.[1]
      if (rest.status === 206 && from === String(offset)) return rest.body
      await rest.body?.cancel()
      return null
    })
    return { size: whole, stream }
  }

  async *referrers(repository: RepositoryName, subject: Digest): AsyncGenerator<Digest> {
    const client = this.#client
    const url = client.url(`${repository}/referrers/${subject}`)
    const none = [400, 404, 405, 406, 501]
    for await (const page of pagesOf(client, url, pull(repository), none)) {
      if (page !== null) yield* digestsIn(page)
      else yield* await this.#tagSchema(repository, subject)
    }
  }

  /** Referrers where the registry has no API for them (distribution-spec, "Referrers Tag Schema"). */
  async #tagSchema(repository: RepositoryName, subject: Digest): Promise<readonly Digest[]> {
    const path = `${repository}/manifests/${referrersTag(subject)}`
    const request = { headers: { accept: mediaTypes.ociIndex }, scopes: pull(repository) }
    const response = await this.#client.send(this.#client.url(path), request)
    if (response.status === 200) return digestsIn(await readBody(response, mostManifestBytes))
    await response.body?.cancel()
    return []
  }

  async #get(path: string, request: RegistryRequest): Promise<Response> {
    const response = await this.#client.send(this.#client.url(path), request)
    if (response.status === 200) return response
    const kind = response.status === 404 ? 'missing' : 'refused'
    throw new ContentFault(kind, await problemIn(response))
  }
}

function pull(repository: RepositoryName): readonly string[] {
  return [`repository:${repository}:pull`]
}

function notATag(name: string): ContentRoot {
  const detail = 'this is not a tag'
  const problem = { kind: 'unsupported', what: 'tag', name: name.slice(0, 200), detail } as const
  return { tag: null, digest: null, problem }
}

function digestsIn(page: Uint8Array): readonly Digest[] {
  return readLayoutIndex(page).flatMap(({ digest }) => parseDigest(digest) ?? [])
}

function nothing(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.close() })
}
