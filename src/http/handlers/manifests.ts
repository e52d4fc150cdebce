import { parseDigest } from '../../oci/digest.ts'
import { ownerOf } from '../../oci/owner.ts'
import type { Reference } from '../../oci/reference.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import { whenSettled } from '../../oci/settled.ts'
import { parseTag, type Tag } from '../../oci/tag.ts'
import type { Ask } from '../../ports/access.ts'
import type { Expectation, ExpectedDigests } from '../../ports/metadata-store.ts'
import type { Manifest, ManifestInfo, ManifestPushed } from '../../ports/registry-service.ts'
import type { Wanted } from '../authorize.ts'
import { withWholeBody } from '../body.ts'
import { setBodyLength } from '../body-length.ts'
import { type Call, queryOf, short } from '../call.ts'
import { clientHas, entityTags } from '../conditions.ts'
import { headersFor } from '../header-form.ts'
import { accepted, apiVersion, cacheControl, notModified } from '../headers.ts'

/** end-3: GET and HEAD of a manifest, by tag or by digest, exactly as it was pushed. */
export function getManifest(
  call: Call,
  repository: RepositoryName,
  reference: Reference,
): Response | Promise<Response> {
  const { service } = call.deps
  const found: Promise<Manifest | ManifestInfo | null> = call.head
    ? service.statManifest(call, repository, reference)
    : service.getManifest(call, repository, reference)
  return whenSettled(found, (manifest) => answer(call, reference, manifest))
}

/** @throws RegistryError `manifestUnknown`. */
function answer(call: Call, reference: Reference, found: Manifest | ManifestInfo | null): Response {
  if (found === null) {
    const text = reference.kind === 'tag' ? reference.tag : reference.digest
    throw new RegistryError('manifestUnknown', { detail: { reference: text } })
  }
  const { exchange } = call
  const { digest, size, mediaType } = found
  if (exchange !== null) exchange.digest = digest
  const caching = cacheControl(call, reference.kind === 'tag' ? 'revalidate' : 'immutable')
  if (clientHas(call.request.headers, digest)) return notModified(digest, caching)
  const headers = {
    'Docker-Distribution-API-Version': 'registry/2.0',
    'X-Content-Type-Options': 'nosniff',
    'Content-Type': mediaType,
    'Content-Length': String(size),
    'Docker-Content-Digest': digest,
    ETag: `"${digest}"`,
    'Cache-Control': caching,
  }
  const body = 'bytes' in found ? (found.bytes as Uint8Array<ArrayBuffer>) : null
  const response = new Response(body, { status: 200, headers: headersFor(call.request, headers) })
  if (exchange !== null) setBodyLength(response, size)
  return response
}

/** end-7: PUT stores a manifest, and with `?tag=` names it several times in one step. */
export async function putManifest(
  call: Call,
  repository: RepositoryName,
  reference: Reference,
): Promise<Response> {
  const { deps, request } = call
  const { service, limits, bodies } = deps
  const tags = tagParameters(call, reference)
  const expect = expectation(request.headers)
  const mediaType = request.headers.get('content-type')
  const { manifestBytes } = limits
  const reservation = bodies.open(ownerOf(call.principal?.id ?? null, call.peer.address))
  const pushed = await withWholeBody(
    request,
    manifestBytes,
    'manifestTooLarge',
    reservation,
    (bytes) =>
      service.putManifest(call, repository, reference, {
        bytes,
        tags,
        ...(mediaType === null ? {} : { mediaType }),
        ...(expect === null ? {} : { expect }),
      }),
  )
  return created(call, repository, pushed, tags)
}

/** A push asks for the reference it is pushed to and for every tag it sets. */
export function asksOfPush(call: Call, repository: RepositoryName, reference: Reference): Wanted {
  const ask = (named: Reference): Ask => ({ action: 'push', repository, reference: named })
  const tags = queryOf(call.request).getAll('tag').slice(0, call.deps.limits.tagsPerPush)
  const parsed = tags.flatMap((text) => parseTag(text) ?? [])
  return {
    required: [ask(reference), ...parsed.map((tag) => ask({ kind: 'tag', tag }))],
    optional: [],
  }
}

/** end-9: DELETE removes a tag, or a manifest with all its tags. */
export async function deleteManifest(
  call: Call,
  repository: RepositoryName,
  reference: Reference,
): Promise<Response> {
  await call.deps.service.deleteManifest(call, repository, reference)
  return accepted()
}

/** Every tag is checked before anything is stored. */
function tagParameters(call: Call, reference: Reference): readonly Tag[] {
  const given = queryOf(call.request).getAll('tag')
  if (given.length === 0) return []
  if (reference.kind === 'tag') {
    throw new RegistryError('tagInvalid', {
      advice: 'tag parameters go with a push by digest; put one of the tags into the path instead',
    })
  }
  const { tagsPerPush } = call.deps.limits
  if (given.length > tagsPerPush) {
    throw new RegistryError('tooManyTags', { detail: { limit: tagsPerPush } })
  }
  const tags = given.map((text) => {
    const tag = parseTag(text)
    if (tag === null) throw new RegistryError('tagInvalid', { detail: { tag: short(text) } })
    return tag
  })
  return [...new Set(tags)]
}

function expectation(headers: Headers): Expectation | null {
  const match = headers.get('if-match')
  const noneMatch = headers.get('if-none-match')
  if (match === null && noneMatch === null) return null
  return {
    ...(match === null ? {} : { match: expected(match) }),
    ...(noneMatch === null ? {} : { noneMatch: expected(noneMatch) }),
  }
}

/** An entity tag that is not a digest was never given out here, so it matches nothing. */
function expected(header: string): ExpectedDigests {
  const tags = entityTags(header)
  return tags.includes('*') ? 'any' : tags.flatMap((tag) => parseDigest(tag) ?? [])
}

function created(
  call: Call,
  repository: string,
  pushed: ManifestPushed,
  tags: readonly Tag[],
): Response {
  const { digest, subject } = pushed
  if (call.exchange !== null) call.exchange.digest = digest
  return new Response(null, {
    status: 201,
    headers: {
      Location: `${call.deps.prefix}/v2/${repository}/manifests/${digest}`,
      'Docker-Content-Digest': digest,
      'Content-Length': '0',
      ...apiVersion,
      ...(subject === undefined ? {} : { 'OCI-Subject': subject }),
      ...(tags.length === 0 ? {} : { 'OCI-Tag': tags.join(', ') }),
    },
  })
}
