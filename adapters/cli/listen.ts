import { onBun } from '../bun/bun.ts'
import { onDeno } from '../deno/deno.ts'
import type { Certificate, ServingOptions } from '../serving/serve-options.ts'
import { readProxies } from '../serving/trusted-proxies.ts'
import { type AccessLines, accessLog, fetchAccessLog } from './access-log.ts'
import type { Front } from './front.ts'

/** Where and how to listen, whatever the program runs on. */
export interface ListenOptions extends ServingOptions {
  /** Takes the access log; null for none. */
  readonly requests: AccessLines | null
}

/** A server at work. */
export interface Listening {
  readonly url: string
  /** See `setCertificate` of the runtime's own server. */
  setCertificate(tls: Certificate): Promise<void>
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
  if (onBun) {
    const { serve } = await import('../bun/serve.ts')
    const observe = requests === null ? {} : { observe: fetchAccessLog(requests) }
    return serve(front, { ...others, ...observe })
  }
  const { serve } = onDeno
    ? await import('../deno/serve.ts')
    : await import('../node-http/serve.ts')
  const proxies = readProxies(options.trustedProxies ?? [])
  const overUnix = options.socketPath !== undefined
  const observe = requests === null ? {} : { observe: accessLog(requests, proxies, overUnix) }
  // The process is ours alone.
  return serve(front, { ...others, replaceGlobals: true, ...observe })
}
