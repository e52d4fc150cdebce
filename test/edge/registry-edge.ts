import { type Client, clientOf } from '../http/client.ts'
import { bootEdge, type Edge } from './edge.ts'

/** The example's registry on Cloudflare's runtime. */
export interface RegistryEdge extends Edge {
  readonly client: Client
  /** What the worker wrote to its log. */
  readonly log: readonly string[]
  /** Keys of all objects in the bucket. */
  keys(): Promise<string[]>
  /** Runs a cron trigger; by default the one that collects. */
  clean(cron?: string): Promise<void>
}

/** What Miniflare's own types leave to a package of Cloudflare's. */
interface Scheduled {
  scheduled(options: { readonly cron: string }): Promise<{ readonly outcome: string }>
}

/** Boots it; what it holds outlives it where `directory` is given. Open to all by default. */
export async function bootRegistry(
  directory?: string,
  bindings: Readonly<Record<string, string>> = { OPEN: 'true' },
): Promise<RegistryEdge> {
  const log: string[] = []
  const edge = await bootEdge({
    bindings,
    handleStructuredLogs: ({ message }: { readonly message: string }) => void log.push(message),
    r2Buckets: ['BLOBS'],
    durableObjects: { NAMES: { className: 'Names', useSQLite: true } },
    ...(directory === undefined
      ? {}
      : { r2Persist: `${directory}/r2`, durableObjectsPersist: `${directory}/names` }),
  })
  const client = clientOf(edge)
  return {
    ...edge,
    client,
    log,
    async keys() {
      const bucket = (await edge.server.getR2Bucket('BLOBS')) as unknown as R2Bucket
      const { objects } = await bucket.list({ prefix: '' })
      return objects.map(({ key }) => key)
    },
    async clean(cron = '*/15 * * * *') {
      const worker = (await edge.server.getWorker()) as unknown as Scheduled
      const { outcome } = await worker.scheduled({ cron })
      if (outcome !== 'ok') throw new Error(`the cron trigger ended with ${outcome}`)
    },
  }
}
