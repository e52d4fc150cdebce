import type { Fetcher } from '../node-http/listener.ts'
import {
  type ServeOptions as NodeOptions,
  type Serving,
  serve as serveNode,
} from '../node-http/serve.ts'

export type { Serving } from '../node-http/serve.ts'

/** Where and how to serve on Deno. */
export type ServeOptions = Omit<NodeOptions, 'freeChunks'>

/**
 * Serves a registry over HTTP with Deno's `node:http`: `Deno.serve` almost stops while a handler waits
 * between reads of a body.
 *
 * @throws Error with the code of the system, such as EADDRINUSE, when it cannot listen there;
 *   TypeError when `trustedProxies` holds anything but proxies.
 */
export function serve(registry: Fetcher, options: ServeOptions = {}): Promise<Serving> {
  // Deno's collector lets the chunks of an upload pile up; Node's keeps up with them by itself.
  return serveNode(registry, { ...options, freeChunks: true })
}
