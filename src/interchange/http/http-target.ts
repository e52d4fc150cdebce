import { Turns } from '../../copy/in-parallel.ts'
import { annotationsOf } from '../../core/manifest-facts.ts'
import { portableHash } from '../../memory/portable-hash.ts'
import { algorithmOf, type Digest, parseDigest } from '../../oci/digest.ts'
import { mediaTypes, normalizeMediaType } from '../../oci/media-types.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Tag } from '../../oci/tag.ts'
import type { HashFactory } from '../../ports/streaming-hash.ts'
import {
  type BlobWriter,
  ContentFault,
  type ContentTarget,
  type NamedContent,
  type TagOutcome,
  type TargetLooks,
  type TargetManifest,
} from '../content.ts'
import { isReferrersTag } from '../layout/layout-names.ts'
import { hashOf, mostManifestBytes } from '../read-manifest.ts'
import { problemIn, readBody } from './read-body.ts'
import { ReferrersLists } from './referrers-lists.ts'
import type { RegistryClient, RegistryRequest } from './registry-client.ts'
import { Upload } from './upload.ts'

/** Blobs of which is remembered which repository has them, to mount them from there. */
const mostRemembered = 200_000

/** How often a manifest is sent that is not taken, and how long after the time before, in milliseconds. */
const mostAttempts = 3
const unsettledMs = 500

/** A registry over HTTP, to be filled. */
export function httpTarget(
  client: RegistryClient,
  hash: HashFactory = portableHash,
): ContentTarget {
  return new HttpTarget(client, hash)
}

class HttpTarget implements ContentTarget {
  readonly #client: RegistryClient
  readonly #hash: HashFactory
  readonly #holders: Map<Digest, RepositoryName> = new Map()
  /** Sessions that were opened where a blob could not be mounted. */
  readonly #opened: Map<string, Response> = new Map()
  readonly #lists: ReferrersLists
  readonly looks: TargetLooks = {
    hasBlob: (repository, digest) => this.#hasBlob(repository, digest),
    manifest: async (repository, reference) => {
      const text = reference.kind === 'tag' ? reference.tag : reference.digest
      return (await this.#head(repository, text))?.digest ?? null
    },
  }

  constructor(client: RegistryClient, hash: HashFactory) {
    this.#client = client
    this.#hash = hash
    this.#lists = new ReferrersLists(client, new Turns())
  }

  hasBlob(repository: RepositoryName, { digest }: NamedContent): Promise<boolean> {
    return this.#hasBlob(repository, digest)
  }

  async mountBlob(repository: RepositoryName, { digest }: NamedContent): Promise<boolean> {
    const holder = this.#holders.get(digest)
    if (holder === undefined || holder === repository) return false
    const query = `?mount=${digest}&from=${encodeURIComponent(holder)}`
    const response = await this.#client.send(
      this.#client.url(`${repository}/blobs/uploads/${query}`),
      { method: 'POST', scopes: [...push(repository), `repository:${holder}:pull`] },
    )
    if (response.status === 202) this.#opened.set(`${repository}@${digest}`, response)
    await response.body?.cancel()
    return response.status === 201
  }

  async stageBlob(repository: RepositoryName, blob: NamedContent): Promise<BlobWriter> {
    const { digest } = blob
    const client = this.#client
    const scopes = push(repository)
    const begin = client.url(`${repository}/blobs/uploads/`)
    const key = `${repository}@${digest}`
    const response = this.#opened.get(key) ?? (await client.send(begin, { method: 'POST', scopes }))
    this.#opened.delete(key)
    if (response.status !== 202) throw new ContentFault('refused', await problemIn(response))
    await response.body?.cancel()
    const location = client.resolve(response.headers.get('location') ?? '', begin)
    if (location === null) {
      throw new ContentFault('refused', 'it sends the upload to another server')
    }
    const least = Number(response.headers.get('oci-chunk-min-length') ?? 0) || 0
    const isThere = (): Promise<boolean> => this.#hasBlob(repository, digest)
    const upload = new Upload({ client, scopes, isThere }, blob, location, least)
    const commit = async (): Promise<void> => {
      await upload.commit()
      this.#remember(digest, repository)
    }
    return { write: (chunk) => upload.write(chunk), commit, discard: () => upload.discard() }
  }

  async putManifest(
    repository: RepositoryName,
    manifest: TargetManifest,
  ): Promise<'stored' | 'same'> {
    const { digest, facts } = manifest
    const found = await this.#head(repository, digest)
    const isSame = found !== null && found.mediaType === manifest.mediaType
    if (!isSame) await this.#put(repository, digest, manifest)
    if (facts.subject !== undefined) {
      const { artifactType } = facts
      const annotations = facts.annotations ?? annotationsOf(manifest.bytes)
      await this.#lists.add(repository, facts.subject, {
        mediaType: manifest.mediaType,
        digest,
        size: manifest.bytes.byteLength,
        ...(artifactType === undefined ? {} : { artifactType }),
        ...(annotations.length === 0 ? {} : { annotations: Object.fromEntries(annotations) }),
      })
    }
    return isSame ? 'same' : 'stored'
  }

  async setTag(
    repository: RepositoryName,
    tag: Tag,
    manifest: TargetManifest,
    { moves }: { readonly moves: boolean },
  ): Promise<TagOutcome> {
    const { digest } = manifest
    const found = await this.#head(repository, tag)
    if (found?.digest === digest) return { kind: 'same' }
    if (found !== null && isReferrersTag(tag) && this.#lists.keeps(repository, tag)) {
      return { kind: 'same' }
    }
    if (found !== null && !moves) {
      return {
        kind: 'conflict',
        detail: `it stands for ${found.digest} there, and for ${digest} here`,
      }
    }
    if (algorithmOf(digest) === 'sha256') {
      await this.#put(repository, tag, manifest)
      return { kind: 'set' }
    }
    // By its tag a registry would give it a digest of its own.
    await this.#put(repository, `${digest}?tag=${tag}`, manifest)
    if ((await this.#head(repository, tag))?.digest === digest) return { kind: 'set' }
    throw new ContentFault('unsupported', `it cannot set a tag of a manifest by ${digest}`)
  }

  async finish(): Promise<void> {}

  async #put(repository: RepositoryName, path: string, manifest: TargetManifest): Promise<void> {
    const { bytes, mediaType, digest } = manifest
    const request = {
      method: 'PUT',
      headers: { 'content-type': mediaType },
      body: bytes,
      scopes: push(repository),
    }
    let response = await this.#send(`${repository}/manifests/${path}`, request)
    for (let attempt = 1; isUnsettled(response.status) && attempt < mostAttempts; attempt += 1) {
      await response.body?.cancel()
      await this.#client.pause(unsettledMs)
      response = await this.#send(`${repository}/manifests/${path}`, request)
    }
    if (response.status < 200 || response.status > 299) {
      throw new ContentFault('refused', await problemIn(response))
    }
    await response.body?.cancel()
    const stored = parseDigest(response.headers.get('docker-content-digest') ?? '')
    if (stored !== null && stored !== digest && algorithmOf(stored) === algorithmOf(digest)) {
      throw new ContentFault('refused', `it stored ${stored} in place of ${digest}`)
    }
  }

  /** What a reference stands for; null for nothing. */
  async #head(
    repository: RepositoryName,
    reference: string,
  ): Promise<{ digest: Digest; mediaType: string | null } | null> {
    const scopes = push(repository)
    const headers = { accept: Object.values(mediaTypes).join(', ') }
    const path = `${repository}/manifests/${reference}`
    const response = await this.#send(path, { method: 'HEAD', headers, scopes })
    if (response.status === 404) return null
    if (response.status !== 200) throw new ContentFault('refused', await problemIn(response))
    const mediaType = normalizeMediaType(response.headers.get('content-type') ?? '')
    const said = parseDigest(response.headers.get('docker-content-digest') ?? '')
    const digest = parseDigest(reference) ?? said
    if (digest !== null) return { digest, mediaType }
    const whole = await this.#send(path, { headers, scopes })
    const bytes = await readBody(whole, mostManifestBytes)
    return { digest: await hashOf(this.#hash, 'sha256', bytes), mediaType }
  }

  async #hasBlob(repository: RepositoryName, digest: Digest): Promise<boolean> {
    const path = `${repository}/blobs/${digest}`
    const response = await this.#send(path, { method: 'HEAD', scopes: push(repository) })
    await response.body?.cancel()
    if (response.status === 200) this.#remember(digest, repository)
    else if (response.status !== 404) {
      throw new ContentFault('refused', `${response.status} where it was asked for the blob`)
    }
    return response.status === 200
  }

  #remember(digest: Digest, repository: RepositoryName): void {
    if (this.#holders.size >= mostRemembered) this.#holders.clear()
    this.#holders.set(digest, repository)
  }

  #send(path: string, request: RegistryRequest): Promise<Response> {
    return this.#client.send(this.#client.url(path), request)
  }
}

/**
 * Whether a registry may think otherwise in a moment. Distribution 2 writes a file of a manifest again whenever it is
 * tagged, and meanwhile does not know it for an index that names it.
 */
function isUnsettled(status: number): boolean {
  return status === 400 || status === 404
}

function push(repository: RepositoryName): readonly string[] {
  return [`repository:${repository}:pull,push`]
}
