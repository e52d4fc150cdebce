// A registry in a SvelteKit app: this file is its src/hooks.server.ts. With adapter-node set
// BODY_SIZE_LIMIT=Infinity, because it refuses bodies over 512 KiB by default.
import { createRegistry } from 'layerdock'

const registry = createRegistry()

/** The part of SvelteKit's `Handle` that is needed here. */
interface Input {
  readonly event: { readonly request: Request; readonly url: URL }
  resolve(event: Input['event']): Response | Promise<Response>
}

export async function handle({ event, resolve }: Input): Promise<Response> {
  const { request, url } = event
  return url.pathname.startsWith('/v2/') ? registry.fetch(request) : resolve(event)
}
