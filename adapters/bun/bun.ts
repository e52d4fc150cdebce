/** What we use of `Bun`, so that nothing of Bun's has to be installed to compile this. */
export interface BunRuntime {
  serve(options: BunServeOptions): BunServer
  /** A file by its path, not opened before it is sent. */
  file(path: string): Blob
}

/** Settings of `Bun.serve`. */
export interface BunServeOptions {
  readonly hostname?: string
  readonly port?: number
  readonly unix?: string
  readonly tls?: { readonly cert: string; readonly key: string }
  /** In seconds, at most 255; 0 waits for ever. */
  readonly idleTimeout: number
  /** In bytes. */
  readonly maxRequestBodySize: number
  readonly development: false
  /** Whether another process may listen in the same place; unless told, Bun lets it. */
  readonly reusePort: false
  fetch(request: Request, server: BunServer): Response | Promise<Response>
  error(error: unknown): Response
}

/** A server of Bun's at work. */
export interface BunServer {
  /** Undefined on a unix socket. */
  readonly port?: number
  readonly hostname?: string
  readonly protocol?: 'http' | 'https'
  /** Requests whose answers are not out yet; in a handler, its own among them. */
  readonly pendingRequests: number
  /** For this request's connection, from now on: seconds without anything moving; 0 is for ever. */
  timeout(request: Request, seconds: number): void
  /** Null on a unix socket, or when the client has gone. */
  requestIP(request: Request): { readonly address: string; readonly port: number } | null
  /** Closes connections that have been answered and wait for their next request. */
  closeIdleConnections(): void
  /** Takes no more connections and resolves when none is left; `true` cuts those that are. */
  stop(cut?: boolean): Promise<void>
}

/** Whether this is Bun. */
export const onBun: boolean = 'Bun' in globalThis

/** @throws Error anywhere but on Bun. */
export function bun(): BunRuntime {
  const found = (globalThis as { readonly Bun?: BunRuntime }).Bun
  if (found === undefined) throw new Error('layerdock/bun runs on Bun alone')
  return found
}
