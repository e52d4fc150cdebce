// A registry in a SvelteKit app: this file is its src/hooks.server.ts. Under adapter-node set
// BODY_SIZE_LIMIT=Infinity, or it refuses bodies over 512 KiB.
import { createRegistry } from 'layerdock'

const registry = createRegistry()

/** SvelteKit's `Handle`, as far as it is needed here. */
interface Input {
  readonly event: { readonly request: Request; readonly url: URL }
  resolve(event: Input['event']): Response | Promise<Response>
}

export async function handle({ event, resolve }: Input): Promise<Response> {
  const { request, url } = event
  return url.pathname.startsWith('/v2/') ? registry.fetch(request) : resolve(event)
}
