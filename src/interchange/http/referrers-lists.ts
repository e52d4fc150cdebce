import type { Turns } from '../../copy/in-parallel.ts'
import { mediaTypes } from '../../oci/media-types.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import { ContentFault } from '../content.ts'
import { referrersTag } from '../layout/layout-names.ts'
import type { IndexEntry } from '../layout/merge-index.ts'
import { mostManifestBytes } from '../read-manifest.ts'
import { isObject, problemIn, readJson } from './read-body.ts'
import type { RegistryClient } from './registry-client.ts'

/**
 * Lists of referrers under their tags, for a registry that has no API for them: there clients keep them
 * (distribution-spec, "Referrers Tag Schema").
 */
export class ReferrersLists {
  readonly #client: RegistryClient
  readonly #turns: Turns
  readonly #kept: Set<string> = new Set()
  /** Whether the registry has the API; null before it was asked. */
  #hasApi: Promise<boolean> | null = null

  constructor(client: RegistryClient, turns: Turns) {
    this.#client = client
    this.#turns = turns
  }

  /** Whether a tag is one of those that are kept here. */
  keeps(repository: RepositoryName, tag: string): boolean {
    return this.#kept.has(`${repository}:${tag}`)
  }

  /** Adds a manifest to the list of its subject, where clients need one. @throws ContentFault */
  async add(repository: RepositoryName, subject: string, entry: IndexEntry): Promise<void> {
    this.#hasApi ??= this.#ask(repository, subject)
    if (await this.#hasApi) return
    const tag = referrersTag(subject)
    const key = `${repository}:${tag}`
    this.#kept.add(key)
    await this.#turns.run(key, () => this.#update(repository, tag, entry))
  }

  async #ask(repository: RepositoryName, subject: string): Promise<boolean> {
    const url = this.#client.url(`${repository}/referrers/${subject}`)
    const response = await this.#client.send(url, { scopes: pushTo(repository) })
    await response.body?.cancel()
    return response.status === 200
  }

  async #update(repository: RepositoryName, tag: string, entry: IndexEntry): Promise<void> {
    const client = this.#client
    const url = client.url(`${repository}/manifests/${tag}`)
    const scopes = pushTo(repository)
    const found = await client.send(url, { headers: { accept: mediaTypes.ociIndex }, scopes })
    const document = found.status === 200 ? await readJson(found, mostManifestBytes) : null
    if (found.status !== 200) await found.body?.cancel()
    const list: unknown[] =
      isObject(document) && Array.isArray(document.manifests) ? document.manifests : []
    if (list.some((one) => isObject(one) && one.digest === entry.digest)) return
    const index = {
      schemaVersion: 2,
      mediaType: mediaTypes.ociIndex,
      ...(isObject(document) ? document : {}),
      manifests: [...list, entry],
    }
    const response = await client.send(url, {
      method: 'PUT',
      headers: { 'content-type': mediaTypes.ociIndex },
      body: new TextEncoder().encode(JSON.stringify(index)),
      scopes,
    })
    if (response.status >= 300) {
      const problem = await problemIn(response)
      throw new ContentFault('refused', `its list of referrers ${tag} was not taken: ${problem}`)
    }
    await response.body?.cancel()
  }
}

function pushTo(repository: RepositoryName): readonly string[] {
  return [`repository:${repository}:pull,push`]
}
