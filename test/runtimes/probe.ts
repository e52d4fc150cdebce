import type { Fetcher } from '../../adapters/serving/fetcher.ts'
import { peerOf } from '../../src/kit.ts'

/** How long `/later` takes, in milliseconds. */
const laterMs = 20

/** How long `/busy` keeps the thread, in milliseconds. */
const busyMs = 2

/**
 * A registry, and beside it what a test asks the adapter in front of it: `/peer` answers what is known
 * of the client, `/later` takes its time, and `/most` says how many of those there were at once. `/busy` keeps the
 * thread, and `/done` says how often it did. `/read` reads the body of the request and answers with its length, and
 * `/begin` reads a part of it.
 */
export function probe<Registry extends Fetcher>(registry: Registry): Registry {
  let running = 0
  let most = 0
  let done = 0
  const later = async (): Promise<Response> => {
    most = Math.max(most, ++running)
    await new Promise((resolve) => setTimeout(resolve, laterMs))
    running--
    return new Response('later')
  }
  const busy = (): Response => {
    const until = performance.now() + busyMs
    while (performance.now() < until);
    done++
    return new Response('busy')
  }
  return {
    ...registry,
    fetch(request: Request) {
      switch (new URL(request.url).pathname) {
        case '/peer': {
          const { address = null, secure = null } = peerOf(request)
          return Response.json({ address, secure })
        }
        case '/later':
          return later()
        case '/read':
          return request.text().then((text) => new Response(String(text.length)))
        case '/begin':
          return begin(request)
        case '/most':
          return new Response(String(most))
        case '/busy':
          return busy()
        case '/done':
          return new Response(String(done))
        default:
          return registry.fetch(request)
      }
    },
  }
}

async function begin({ body }: Request): Promise<Response> {
  const reader = body?.getReader()
  const first = await reader?.read()
  reader?.releaseLock()
  return new Response(String((first?.value?.byteLength ?? 0) > 0))
}
