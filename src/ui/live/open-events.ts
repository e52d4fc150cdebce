import { RegistryError } from '../../oci/registry-error.ts'
import { parseRepositoryName } from '../../oci/repository-name.ts'
import type { Answer, Visit } from '../visit.ts'

/** Repositories of one view of which other nodes' changes are looked for. */
const mostWatched = 100

/**
 * Tells an open view of changes, as server-sent events: of the `repository` of the query, or of all that its viewer may
 * read. Other nodes' changes are told of that repository, and of those in `watch`.
 */
export async function openEvents({ request, context, url, deps, viewer }: Visit): Promise<Answer> {
  if (deps.live === null) throw new RegistryError('routeUnknown')
  // Its browser would come back with the cookie, and be a wrong password each time.
  if (viewer.hasEnded) throw new RegistryError('unauthorized')
  const given = url.searchParams.get('repository')
  const repository = given === null ? null : parseRepositoryName(given)
  if (given !== null && repository === null) throw new RegistryError('nameInvalid')
  const watch = url.searchParams.getAll('watch').slice(0, mostWatched)
  const watched = [
    ...(repository === null ? [] : [repository]),
    ...watch.flatMap((name) => parseRepositoryName(name) ?? []),
  ]
  const headers = {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Resource-Policy': 'same-origin',
    Vary: 'Accept, Cookie',
    // Some proxies collect an answer before they pass it on.
    'X-Accel-Buffering': 'no',
  }
  if (request.method === 'HEAD') return new Response(null, { headers })
  const stream = await deps.live.open({ request, context, viewer, repository, watched })
  return new Response(stream, { headers })
}
