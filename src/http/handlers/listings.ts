import type { Page, PageRequest } from '../../ports/metadata-store.ts'
import type { RepositoryName } from '../../spec/repository-name.ts'
import { type Call, queryOf, repositoryOf } from '../call.ts'
import { apiVersion } from '../headers.ts'
import { linkHeader, pageRequest } from '../pagination.ts'

/** Pages of names a filtered catalog looks through for one answer; the `Link` leads on from there. */
const catalogPages = 10

/** end-8: GET tags/list, in byte order. */
export async function listTags(call: Call): Promise<Response> {
  const repository = repositoryOf(call)
  const request = pageRequest(queryOf(call.request), call.parts.limits.pageSize)
  const page = await call.parts.service.listTags(repository, request)
  const path = `${call.parts.prefix}/v2/${repository}/tags/list`
  return listResponse({ name: repository, tags: page.items }, path, request, page)
}

/** GET /v2/_catalog: the repositories the caller may read (Docker's API, outside the specification). */
export async function listRepositories(call: Call): Promise<Response> {
  const request = pageRequest(queryOf(call.request), call.parts.limits.pageSize)
  const page = await readableRepositories(call, request)
  const path = `${call.parts.prefix}/v2/_catalog`
  return listResponse({ repositories: page.items }, path, request, page)
}

interface Listing {
  readonly more: boolean
  /** Where the next page starts: the last name looked at, shown or not. */
  readonly last: string | undefined
}

function listResponse(
  body: unknown,
  path: string,
  request: PageRequest,
  page: Page<string> | (Page<string> & Listing),
): Response {
  const last = 'last' in page ? page.last : page.items.at(-1)
  const text = JSON.stringify(body)
  const next: [string, string][] = [
    ['n', String(request.limit)],
    ['last', last ?? ''],
  ]
  return new Response(text, {
    status: 200,
    headers: {
      ...apiVersion,
      'Content-Type': 'application/json',
      'Cache-Control': 'no-cache',
      ...linkHeader(path, { more: page.more && last !== undefined }, next),
    },
  })
}

async function readableRepositories(
  call: Call,
  request: PageRequest,
): Promise<Page<RepositoryName> & Listing> {
  const { access, service } = call.parts
  if (access === null) {
    const page = await service.listRepositories(request)
    return { ...page, last: page.items.at(-1) }
  }
  const items: RepositoryName[] = []
  let last = request.after
  let more = request.limit > 0
  for (let turn = 0; more && items.length < request.limit && turn < catalogPages; turn += 1) {
    const limit = request.limit
    const page = await service.listRepositories(
      last === undefined ? { limit } : { limit, after: last },
    )
    const asks = page.items.map((repository) => ({ action: 'pull' as const, repository }))
    const decisions = await access.authorize(call.principal, asks)
    more = page.more
    for (const [index, repository] of page.items.entries()) {
      last = repository
      if (decisions[index]?.kind === 'allow') items.push(repository)
      if (items.length < request.limit) continue
      more ||= index + 1 < page.items.length
      break
    }
  }
  return { items, more, last }
}
