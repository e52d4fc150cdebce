// The registry on Cloudflare: bytes in R2, names in one Durable Object, a worker between them.
import { createRegistry, type Registry } from 'layerdock'
import { passwordAccess } from './access.ts'
import { nativeHash } from './hash.ts'
import type { NamesNamespace } from './names.ts'
import { r2Blobs } from './r2-blobs.ts'
import { smallestPart } from './r2-stage.ts'

export { Names } from './names.ts'

/** What wrangler.jsonc binds. */
export interface Env {
  readonly BLOBS: R2Bucket
  readonly NAMES: NamesNamespace
  /** A secret: what clients log in with, under any user name. */
  readonly PASSWORD?: string
  /** `true`: everybody may do everything. For trying it on loopback. */
  readonly OPEN?: string
  /** `true`: take manifests and indexes whose content is not all there. */
  readonly ALLOW_SPARSE?: string
}

/**
 * A registry for one request. What one request opened (stubs, buckets, bodies) the platform lets no
 * other one touch, so nothing is shared but what the stores hold; making one takes less than a
 * millisecond.
 */
function registryFor(env: Env): Registry {
  const { metadata, uploads } = env.NAMES.getByName('registry')
  return createRegistry({
    stores: { blobs: r2Blobs(env.BLOBS), metadata, uploads },
    hash: nativeHash,
    ...(env.OPEN === 'true' ? {} : { access: passwordAccess(env.PASSWORD) }),
    allowSparse: env.ALLOW_SPARSE === 'true',
    limits: { blobBytes: 10_000 * smallestPart, manifestCacheBytes: 0 },
    // biome-ignore lint/suspicious/noConsole: a worker's console is its log
    events: (event) => console.error(event),
  })
}

interface Worker {
  fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response>
  scheduled(event: unknown, env: Env): Promise<void>
}

const worker: Worker = {
  async fetch(request, env, context) {
    const answer = Promise.resolve(registryFor(env).fetch(request))
    // When a client goes away, what came of its upload is still to be kept.
    context.waitUntil(answer)
    return answer
  },

  /** The housekeeping, by the cron trigger in wrangler.jsonc. */
  async scheduled(_event, env) {
    const registry = registryFor(env)
    await registry.expireUploads()
    await registry.collectGarbage()
  },
}
export default worker
