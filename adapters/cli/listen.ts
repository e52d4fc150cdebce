import type { ServeOptions } from '../node-http/serve.ts'
import { readProxies } from '../serving/trusted-proxies.ts'
import { type AccessLines, accessLog, fetchAccessLog } from './access-log.ts'
import type { Front } from './front.ts'

/** Where and how to listen, whatever the program runs on. */
export interface ListenOptions extends Omit<ServeOptions, 'observe' | 'replaceGlobals'> {
  /** Takes the access log; null for none. */
  readonly requests: AccessLines | null
}

/** A server at work. */
export interface Listening {
  readonly url: string
  /** See `setCertificate` of the runtime's own server. */
  setCertificate(tls: { readonly cert: string; readonly key: string }): Promise<void>
  /** See `settle` of the runtime's own server. */
  settle(withinMs: number): Promise<void>
  /** See `close` of the runtime's own server: how many were cut. */
  close(deadlineMs: number): Promise<number>
}

/**
 * Serves in the way that suits the runtime: `Bun.serve` on Bun, `node:http` on Node and on Deno, whose
 * own server almost stops when a body is not read at once.
 *
 * @throws Error with the code of the system when it cannot listen there.
 */
export async function listen(front: Front, options: ListenOptions): Promise<Listening> {
  const { requests, ...others } = options
  if ('Bun' in globalThis) {
    const { serve } = await import('../bun/serve.ts')
    const observe = requests === null ? {} : { observe: fetchAccessLog(requests) }
    return serve(front, { ...others, ...observe })
  }
  const { serve } = await import('../node-http/serve.ts')
  const proxies = readProxies(options.trustedProxies ?? [])
  const overUnix = options.socketPath !== undefined
  const observe = requests === null ? {} : { observe: accessLog(requests, proxies, overUnix) }
  return serve(front, { ...others, ...observe })
}
