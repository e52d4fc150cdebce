// The registry on Cloudflare: bytes in R2, names in one Durable Object, a worker between them.
import {
  type AssembledRegistry,
  assembleRegistry,
  type MetadataStore,
  setPeer,
  type UploadStore,
} from 'layerdock/kit'
import { createUi, type Ui, type UiOptions } from 'layerdock/ui'
import { passwordAccess, sessionSecret } from './access.ts'
import { nativeHash } from './hash.ts'
import type { NamesNamespace } from './names.ts'
import { r2Blobs } from './r2-blobs.ts'
import { smallestPart, usableParts } from './r2-parts.ts'
import { sweep } from './r2-sweep.ts'
import { remote } from './remote.ts'
import { lackingMembers } from './sql-metadata.ts'

export { Names } from './names.ts'

/** What wrangler.jsonc binds. */
export interface Env {
  readonly BLOBS: R2Bucket
  readonly NAMES: NamesNamespace
  /** A secret: what clients log in with, under any user name. */
  readonly PASSWORD?: string
  /** `true`: every caller may do everything. For trying it on loopback. */
  readonly OPEN?: string
  /** How often open views of the page look for changes. 0: never, for plans that allow a request few others. Default: 4 */
  readonly LOOK_SECONDS?: string
  /** `true`: take manifests and indexes whose content is not all there. */
  readonly ALLOW_SPARSE?: string
}

/**
 * A registry for one request. The platform lets no request touch what another opened (stubs, buckets,
 * bodies), so nothing is shared but what the stores hold; making one takes less than a millisecond.
 */
function registryFor(env: Env): AssembledRegistry {
  const names = () => env.NAMES.getByName('registry')
  return assembleRegistry({
    stores: {
      blobs: r2Blobs(env.BLOBS),
      metadata: remote<MetadataStore>(() => names().metadata, lackingMembers),
      uploads: remote<UploadStore>(() => names().uploads),
    },
    hash: nativeHash,
    ...(env.OPEN === 'true' ? {} : { access: passwordAccess(env.PASSWORD) }),
    allowSparse: env.ALLOW_SPARSE === 'true',
    limits: { blobBytes: usableParts * smallestPart, manifestCacheBytes: 0 },
    // A worker's console is its log.
    // biome-ignore lint/suspicious/noConsole: see above
    onNotice: (notice) => console.error(notice),
    // biome-ignore lint/suspicious/noConsole: see above
    onEvent: (event) => console.log(JSON.stringify(event)),
  })
}

/**
 * The same with its web page. A request does not hear of pushes by others, so each view that is open asks the Durable
 * Object for changes: 900 times an hour if not told otherwise, after which its browser connects again.
 */
function pageFor(env: Env): Ui {
  const access = env.OPEN === 'true' ? {} : protectedBy(env.PASSWORD)
  const lookMs = Number(env.LOOK_SECONDS ?? 4) * 1000
  return createUi(registryFor(env), { ...access, lookMs, live: lookMs > 0 })
}

function protectedBy(password: string | undefined): UiOptions {
  return { access: passwordAccess(password), sessionSecret: sessionSecret(password) }
}

interface Worker {
  fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response>
  scheduled(event: { readonly cron: string }, env: Env): Promise<void>
}

/** When, as in wrangler.jsonc, bytes without a name are looked for: that walks over all of them. */
const daily = '30 3 * * *'

/** Bytes without a name are left alone so long, in milliseconds: no upload takes longer to finish. */
const graceMs = 2 * 24 * 60 * 60 * 1000

const worker: Worker = {
  async fetch(request, env, context) {
    // Cloudflare's own: what a client sends under this name does not get here.
    const address = request.headers.get('CF-Connecting-IP') ?? undefined
    setPeer(request, { address, secure: new URL(request.url).protocol === 'https:' })
    const answer = Promise.resolve(pageFor(env).fetch(request))
    // When a client goes away, the bytes of its upload that came are still kept.
    context.waitUntil(answer)
    return answer
  },

  /** The maintenance, by the cron triggers in wrangler.jsonc. */
  async scheduled({ cron }, env) {
    const registry = registryFor(env)
    await registry.expireUploads()
    await registry.collectGarbage()
    if (cron !== daily) return
    const { metadata } = env.NAMES.getByName('registry')
    await sweep(env.BLOBS, Date.now() - graceMs, (blobs) => metadata.unnamed(blobs))
  },
}
export default worker
