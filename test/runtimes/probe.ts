import { createRegistry } from '../../src/index.ts'
import { peerOf } from '../../src/kit.ts'

/**
 * A registry in memory, and beside it what a test asks the adapter in front of it:
 * `/peer` answers what is known of the client.
 */
export function probe(): { fetch(request: Request): Response | Promise<Response> } {
  const registry = createRegistry()
  return {
    fetch(request) {
      const { pathname } = new URL(request.url)
      if (pathname !== '/peer') return registry.fetch(request)
      const { address = null, secure = null } = peerOf(request)
      return Response.json({ address, secure })
    },
  }
}
