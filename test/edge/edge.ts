import { Miniflare, type MiniflareOptions } from 'miniflare'
import { bundle, compatibility } from '../../examples/cloudflare/bundle.mjs'

/** A worker on Cloudflare's runtime, on a loopback port of its own. */
export interface Edge {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  /**
   * Sends a request there; the host in its URL does not matter. Each has a connection of its own: the runtime closes
   * idle ones, and a client that uses one at that moment fails.
   */
  fetch(request: Request): Promise<Response>
  readonly server: Miniflare
  end(): Promise<void>
}

/** Boots a worker with what it binds. */
export async function bootEdge(bindings: object, entry?: string): Promise<Edge> {
  const options = {
    ...compatibility,
    ...bindings,
    modules: true,
    script: await bundle(entry),
    unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
  }
  const server = new Miniflare(options as MiniflareOptions)
  const { port } = await server.unsafeGetDirectURL()
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    server,
    end: () => server.dispose(),
    async fetch(request) {
      const { pathname, search } = new URL(request.url)
      const sent = new Request(`${url}${pathname}${search}`, request)
      sent.headers.set('Connection', 'close')
      return fetch(sent)
    },
  }
}
