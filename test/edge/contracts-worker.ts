// Runs single cases of the stores' contracts inside Cloudflare's runtime, for contracts.test.ts.
import { DurableObject } from 'cloudflare:workers'
import type { MetadataStore, UploadStore } from 'layerdock/kit'
import {
  type BlobStorePlace,
  blobStoreContract,
  type MetadataPlace,
  metadataStoreContract,
  type UploadStorePlace,
  uploadStoreContract,
} from 'layerdock/testing'
import { r2Blobs } from '../../examples/cloudflare/r2-blobs.ts'
import { sweep } from '../../examples/cloudflare/r2-sweep.ts'
import { remote } from '../../examples/cloudflare/remote.ts'
import { SqlMetadata } from '../../examples/cloudflare/sql-metadata.ts'
import { prepareTables } from '../../examples/cloudflare/sql-upgrade.ts'
import { SqlUploads } from '../../examples/cloudflare/sql-uploads.ts'
import { flakyBucket } from './flaky-bucket.ts'
import { Outage } from './outage.ts'
import { r2Cases } from './r2-cases.ts'
import { sqlCases } from './sql-cases.ts'

type Kind = 'metadata' | 'uploads'
type Method = (...values: readonly unknown[]) => Promise<unknown>

interface Env {
  readonly BLOBS: R2Bucket
  readonly STORES: { getByName(name: string): Pick<Stores, 'call' | 'restart' | 'runCase'> }
}

/** The stores of one case, with its clock. */
export class Stores extends DurableObject {
  readonly #state: DurableObjectState
  readonly #stores: Readonly<Record<Kind, object>>
  #now = 0

  constructor(state: DurableObjectState, env: unknown) {
    super(state, env)
    this.#state = state
    const clock = (): number => this.#now
    const { storage } = state
    // A case of its own prepares them itself.
    if (!state.id.name?.startsWith('bare')) prepareTables(storage, 0)
    this.#stores = {
      metadata: new SqlMetadata(storage, clock),
      uploads: new SqlUploads(storage, clock),
    }
  }

  /** A clock does not cross RPC, so each call brings the time. */
  async call(
    kind: Kind,
    now: number,
    method: string,
    values: readonly unknown[],
  ): Promise<unknown> {
    this.#now = now
    return await (this.#stores[kind] as Record<string, Method>)[method]?.(...values)
  }

  /** Ends the object: the next call finds it made again over its tables. */
  async restart(): Promise<void> {
    this.#state.abort('restarted by a test')
  }

  async runCase(name: string): Promise<void> {
    await given(sqlCases.find((one) => one.name === name)).run(this.#state.storage, {
      prepareTables,
      metadata: (storage, clock) => new SqlMetadata(storage, clock),
      uploads: (storage, clock) => new SqlUploads(storage, clock),
    })
  }
}

/** Where a store of the object is kept, reached as the worker does. */
function sqlPlace<Store extends MetadataStore | UploadStore>(
  env: Env,
  kind: Kind,
  clock: () => number,
): { open(): Promise<Store>; failOnce(skip?: number): () => boolean } {
  const name = crypto.randomUUID()
  const outage = new Outage(() => Object.assign(new Error('reset'), { retryable: true }))
  let isFirst = true
  return {
    failOnce: (skip) => outage.plan(skip),
    async open() {
      const stores = () => env.STORES.getByName(name)
      if (!isFirst)
        await stores()
          .restart()
          .catch(() => {})
      isFirst = false
      return remote(() => {
        outage.access()
        const target = {}
        return new Proxy(target as Store, {
          get:
            (_, method) =>
            (...values: readonly unknown[]) =>
              stores().call(kind, clock(), String(method), values),
        })
      })
    },
  }
}

function metadataPlace(env: Env): MetadataPlace {
  let ahead = 0
  return {
    ...sqlPlace<MetadataStore>(env, 'metadata', () => Date.now() + ahead),
    advance(ms) {
      ahead += ms
    },
  }
}

function uploadPlace(env: Env, clock: () => number): UploadStorePlace {
  return sqlPlace<UploadStore>(env, 'uploads', clock)
}

async function empty(bucket: R2Bucket): Promise<void> {
  const { objects } = await bucket.list({ prefix: '' })
  if (objects.length > 0) await bucket.delete(objects.map(({ key }) => key))
}

async function blobPlace(env: Env, partBytes: number): Promise<BlobStorePlace> {
  await empty(env.BLOBS)
  const outage = new Outage(() => new Error('put: We encountered an internal error. (10001)'))
  const bucket = flakyBucket(env.BLOBS, outage)
  return {
    open: () => r2Blobs(bucket, { partBytes }),
    failOnce: (skip) => outage.plan(skip),
  }
}

async function run(kind: string, name: string, env: Env): Promise<void> {
  const named = <T extends { readonly name: string }>(cases: readonly T[]): T =>
    given(cases.find((one) => one.name === name))
  if (kind === 'uploads') {
    return named(uploadStoreContract).run((clock) => uploadPlace(env, clock))
  }
  if (kind === 'metadata') return named(metadataStoreContract).run(() => metadataPlace(env))
  if (kind === 'bucket') {
    await empty(env.BLOBS)
    return named(r2Cases).run({
      bucket: env.BLOBS,
      blobs: r2Blobs(env.BLOBS, { partBytes: 1000 }),
      sweep: (before, unnamed) => sweep(env.BLOBS, before, unnamed),
    })
  }
  if (kind === 'tables') {
    return env.STORES.getByName(`bare ${crypto.randomUUID()}`).runCase(name)
  }
  return named(blobStoreContract).run(() => blobPlace(env, Number(kind)))
}

function given<T>(found: T | undefined): T {
  if (found === undefined) throw new Error('there is no such case')
  return found
}

interface Worker {
  fetch(request: Request, env: Env): Promise<Response>
}

const worker: Worker = {
  async fetch(request, env) {
    const query = new URL(request.url).searchParams
    try {
      await run(query.get('kind') ?? '', query.get('name') ?? '', env)
      return new Response('holds')
    } catch (error) {
      return new Response(`${error instanceof Error ? error.stack : error}`)
    }
  },
}
export default worker
