import { createRegistry } from '../../src/index.ts'
import { peerOf } from '../../src/kit.ts'

/**
 * A registry in memory, and beside it what a test asks the adapter in front of it:
 * `/peer` answers what is known of the client, `/later` takes its time.
 */
export function probe(): { fetch(request: Request): Response | Promise<Response> } {
  const registry = createRegistry()
  return {
    fetch(request) {
      switch (new URL(request.url).pathname) {
        case '/peer': {
          const { address = null, secure = null } = peerOf(request)
          return Response.json({ address, secure })
        }
        case '/later':
          return new Promise((resolve) => setTimeout(resolve, 50, new Response('later')))
        default:
          return registry.fetch(request)
      }
    },
  }
}
