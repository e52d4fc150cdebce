import type { Fetcher } from '../node-http/listener.ts'
import { type ServeOptions, type Serving, serveOn } from '../node-http/serve.ts'
import { reopenWhenDeaf } from './deaf-listener.ts'
import { answerPlainHttp } from './plain-http.ts'

export type { ServeOptions, Serving } from '../node-http/serve.ts'

/**
 * Serves a registry over HTTP with Deno's `node:http`: `Deno.serve` almost stops while a handler waits
 * between reads of a body.
 *
 * @throws Error with the code of the system, such as EADDRINUSE, when it cannot listen there;
 *   TypeError when `trustedProxies` holds anything but proxies.
 */
export function serve(registry: Fetcher, options: ServeOptions = {}): Promise<Serving> {
  // Deno's collector lets the chunks of an upload pile up.
  const platform = {
    freeChunks: true,
    readsLater: true,
    watchHandshakes: answerPlainHttp,
    lookAfter: reopenWhenDeaf,
  }
  return serveOn(platform, registry, options)
}
