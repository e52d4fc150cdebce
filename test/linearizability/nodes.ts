import { createHash } from 'node:crypto'
import { type Digest, RegistryError, type RepositoryName, type Tag } from '../../src/index.ts'
import type { ExpectedDigests, MetadataStore } from '../../src/kit.ts'
import { repositoryNamed, sampleDigest, tagNamed } from '../../src/testing/samples.ts'
import { manifestCount, type Node, tagCount } from './clients.ts'
import { type Answer, AnswerLost, type Call, type Digests, NotSent } from './history.ts'

const tags: readonly Tag[] = Array.from({ length: tagCount }, (_, tag) => tagNamed(`t${tag}`))
const samples: readonly Digest[] = Array.from({ length: manifestCount }, (_, number) =>
  sampleDigest(number),
)
let keys = 0

/** A metadata store as clients use it. */
export function storeNode(store: MetadataStore): Node {
  return async (repository, call) => {
    try {
      return await askStore(store, repositoryNamed(`r${repository}`), call)
    } catch (error) {
      const isAway = error instanceof RegistryError && error.kind === 'unavailable'
      throw isAway ? new AnswerLost() : error
    }
  }
}

async function askStore(store: MetadataStore, name: RepositoryName, call: Call): Promise<Answer> {
  switch (call.kind) {
    case 'put': {
      const digest = sampleOf(call.manifest)
      keys += 1
      const blob = { digest, size: 1, key: `key/${keys}` }
      const record = { digest, size: 1, mediaType: 'a/b', blob, references: [] }
      const { expect } = call
      const outcome = await store.putManifest(name, {
        record,
        tags: call.tags.map(tagOf),
        immutable: [],
        requires: [],
        ...(expect === undefined
          ? {}
          : {
              expect: {
                tag: expect.tag === null ? null : tagOf(expect.tag),
                ...(expect.match === undefined ? {} : { match: samplesOf(expect.match) }),
                ...(expect.noneMatch === undefined
                  ? {}
                  : { noneMatch: samplesOf(expect.noneMatch) }),
              },
            }),
      })
      if (outcome.kind === 'conflict') return { outcome: 'conflict' }
      if (outcome.kind !== 'stored') throw new Error(`unexpected: ${outcome.kind}`)
      const { created, previous } = outcome
      const before = previous.map((each) => (each === null ? null : samples.indexOf(each)))
      return { outcome: 'stored', created, previous: before }
    }
    case 'deleteTag':
      return told('removed', await store.deleteTag(name, tagOf(call.tag)))
    case 'deleteManifest': {
      const { deletion } = call
      const removed = await store.deleteManifest(name, sampleOf(call.manifest), {
        leaseMs: 1000,
        ...(deletion === undefined ? {} : { trashMs: trashMsOf(deletion) }),
      })
      if (removed === null) return { outcome: 'absent' }
      if (removed.kind === 'kept') throw new Error('unexpected: kept')
      return { outcome: 'removed', tags: removed.tags.map((tag) => tags.indexOf(tag)) }
    }
    case 'restore': {
      const id = await idOf(store, name, call.deletion)
      const outcome = id === null ? null : await store.restore?.(name, id, { leaseMs: 1000 })
      if (outcome == null) return { outcome: 'absent' }
      if (outcome.kind !== 'restored') throw new Error(`unexpected: ${outcome.kind}`)
      return { outcome: 'restored', tags: outcome.tags.map((tag) => tags.indexOf(tag)) }
    }
    case 'resolve':
      return told('found', (await store.resolveTag(name, tagOf(call.tag)))?.digest ?? null)
    case 'find': {
      const found = await store.findManifest(name, sampleOf(call.manifest))
      return { outcome: found === null ? 'absent' : 'found' }
    }
    case 'list': {
      const page = await store.listTagRecords(name, { limit: 100 })
      const list = (page?.items ?? []).map(
        ({ tag, digest }) => [tags.indexOf(tag), samples.indexOf(digest)] as const,
      )
      return { outcome: 'found', list }
    }
  }
}

/** A time in the trash that no other deletion has, longer than any run. */
function trashMsOf(deletion: number): number {
  return (deletion + 1) * stepMs
}
const stepMs = 1e8

async function idOf(
  store: MetadataStore,
  name: RepositoryName,
  deletion: number,
): Promise<string | null> {
  for (let after = ''; ; ) {
    const page = await store.listTrash?.({ after, limit: 1000 }, name)
    const found = page?.items.find(({ leftMs }) => Math.ceil(leftMs / stepMs) - 1 === deletion)
    if (found !== undefined) return found.id
    if (page?.more !== true) return null
    after = page.items.at(-1)?.id ?? ''
  }
}

function told(outcome: 'removed' | 'found', digest: Digest | null): Answer {
  return digest === null ? { outcome: 'absent' } : { outcome, manifest: samples.indexOf(digest) }
}

function tagOf(number: number): Tag {
  return tags[number] as Tag
}

function sampleOf(number: number): Digest {
  return samples[number] as Digest
}

function samplesOf(digests: Digests): ExpectedDigests {
  return digests === 'any' ? 'any' : digests.map(sampleOf)
}

const mediaType = 'application/vnd.oci.image.index.v1+json'
const bodies: readonly string[] = samples.map((_, number) =>
  JSON.stringify({
    schemaVersion: 2,
    mediaType,
    manifests: [],
    annotations: { number: `${number}` },
  }),
)
const pushed: readonly string[] = bodies.map(
  (body) => `sha256:${createHash('sha256').update(body).digest('hex')}`,
)

/** A registry as clients use it over HTTP. Its answers tell less. */
export function httpNode(send: (request: Request) => Promise<Response>, origin: string): Node {
  return async (repository, call) => {
    const request = requestOf(`${origin}/v2/r${repository}`, call)
    const { status, headers, text } = await answerTo(send, request)
    if (status === 412) return { outcome: 'conflict' }
    if (call.kind === 'list' && (status === 200 || status === 404)) {
      const names = status === 404 ? [] : (JSON.parse(text) as { tags: Tag[] }).tags
      return { outcome: 'found', tags: names.map((tag) => tags.indexOf(tag)) }
    }
    if (status === 404) return { outcome: 'absent' }
    if (status === 201) return { outcome: 'stored' }
    if (status === 202) return { outcome: 'removed' }
    if (status !== 200) throw new Error(`${status}: ${text}`)
    if (call.kind !== 'resolve') return { outcome: 'found' }
    return {
      outcome: 'found',
      manifest: pushed.indexOf(headers.get('docker-content-digest') ?? ''),
    }
  }
}

interface Received {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** An answer that came whole, and does not say that the server failed. */
async function answerTo(
  send: (request: Request) => Promise<Response>,
  request: Request,
): Promise<Received> {
  try {
    const answer = await send(request)
    const { status, headers } = answer
    const text = await answer.text()
    if (status < 500) return { status, headers, text }
  } catch (error) {
    const { cause } = error as { readonly cause?: { readonly code?: string } }
    if (cause?.code === 'ECONNREFUSED') throw new NotSent()
    // What `fetch` throws where the connection ends.
    if (!(error instanceof TypeError)) throw error
  }
  throw new AnswerLost()
}

function requestOf(url: string, call: Call): Request {
  const manifests = `${url}/manifests`
  switch (call.kind) {
    case 'put': {
      const headers = new Headers({ 'Content-Type': mediaType })
      const { expect, manifest } = call
      if (expect?.match) headers.set('If-Match', entityTags(expect.match))
      if (expect?.noneMatch) headers.set('If-None-Match', entityTags(expect.noneMatch))
      const [first = 0] = call.tags
      const isByTag = call.tags.length === 1 && expect?.tag !== null
      const query = call.tags.map((tag) => `tag=${tagOf(tag)}`).join('&')
      const path = isByTag ? tagOf(first) : `${pushed[manifest]}?${query}`
      return new Request(`${manifests}/${path}`, {
        method: 'PUT',
        headers,
        body: bodies[manifest] ?? '',
      })
    }
    case 'deleteTag':
      return new Request(`${manifests}/${tagOf(call.tag)}`, { method: 'DELETE' })
    case 'deleteManifest':
      return new Request(`${manifests}/${pushed[call.manifest]}`, { method: 'DELETE' })
    case 'resolve':
      return new Request(`${manifests}/${tagOf(call.tag)}`, { headers: { Accept: mediaType } })
    case 'restore':
      throw new Error('clients bring nothing back over HTTP')
    case 'find':
      return new Request(`${manifests}/${pushed[call.manifest]}`, { method: 'HEAD' })
    case 'list':
      return new Request(`${url}/tags/list`)
  }
}

function entityTags(digests: Digests): string {
  return digests === 'any' ? '*' : digests.map((number) => `"${pushed[number]}"`).join(', ')
}
