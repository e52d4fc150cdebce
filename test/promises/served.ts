import type { IncomingMessage } from 'node:http'
import { type ServeOptions, type Serving, serve } from '../../adapters/node-fs/index.ts'
import { createRegistry, type Registry, type RegistryOptions } from '../../src/index.ts'
import { atEndOfFile } from '../end-of-file.ts'

/** A registry behind Node's HTTP server. */
export interface Served {
  readonly registry: Registry
  readonly serving: Serving
  readonly port: number
  /** The targets of everything that Node took for a request, unchanged. */
  readonly requests: readonly string[]
}

/** Serves a registry in memory until the tests of the file end. Idle connections end at once. */
export async function served(
  options: RegistryOptions = {},
  serveOptions: ServeOptions = {},
): Promise<Served> {
  const registry = createRegistry(options)
  const requests: string[] = []
  const serving = await serve(registry, {
    port: 0,
    // Node 20.19 uses the second where it should use the first, after an answer before the body.
    timeouts: { keepAliveMs: 50, stallMs: 5000 },
    ...serveOptions,
  })
  atEndOfFile(() => serving.close(0))
  serving.server.prependListener('request', (incoming: IncomingMessage) => {
    requests.push(incoming.url ?? '')
  })
  return { registry, serving, port: serving.port ?? 0, requests }
}
