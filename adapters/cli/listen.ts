import { onBun } from '../bun/bun.ts'
import { onDeno } from '../deno/deno.ts'
import type { Certificate, ServingOptions } from '../serving/serve-options.ts'
import { type AccessLines, accessLog } from './access-log.ts'
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
  const observe = requests === null ? {} : { observe: accessLog(requests) }
  if (onBun) {
    const { serve } = await import('../bun/serve.ts')
    return serve(front, { ...others, ...observe })
  }
  const { serve } = onDeno
    ? await import('../deno/serve.ts')
    : await import('../node-http/serve.ts')
  // The process is ours alone.
  return serve(front, { ...others, replaceGlobals: true, ...observe })
}
