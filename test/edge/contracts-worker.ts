// Runs single cases of the stores' contracts inside Cloudflare's runtime, for contracts.test.ts.
import { DurableObject } from 'cloudflare:workers'
import { blobStoreContract, metadataStoreContract, uploadStoreContract } from 'layerdock/testing'
import { r2Blobs } from '../../examples/cloudflare/r2-blobs.ts'
import { SqlMetadata } from '../../examples/cloudflare/sql-metadata.ts'
import { tables } from '../../examples/cloudflare/sql-tables.ts'
import { SqlUploads } from '../../examples/cloudflare/sql-uploads.ts'

interface Env {
  readonly BLOBS: R2Bucket
  readonly STORES: { getByName(name: string): Pick<Stores, 'runUploads' | 'metadata'> }
}

interface Stub {
  [Symbol.dispose](): void
}

/** Stores as the contracts want them: with leases to the millisecond, and a clock of the case. */
export class Stores extends DurableObject {
  readonly #storage: DurableObjectStorage
  readonly #metadata: SqlMetadata

  constructor(state: DurableObjectState, env: unknown) {
    super(state, env)
    state.storage.sql.exec(tables)
    this.#storage = state.storage
    this.#metadata = new SqlMetadata(state.storage)
  }

  get metadata(): SqlMetadata {
    return this.#metadata
  }

  /** Runs inside the object, as a clock does not cross RPC. */
  async runUploads(name: string): Promise<void> {
    const found = uploadStoreContract.find((one) => one.name === name)
    await given(found).run((clock) => new SqlUploads(this.#storage.sql, clock))
  }
}

async function run(kind: string | null, name: string, env: Env): Promise<void> {
  const stores = env.STORES.getByName(crypto.randomUUID())
  if (kind === 'uploads') return stores.runUploads(name)
  if (kind === 'metadata') {
    const found = metadataStoreContract.find((one) => one.name === name)
    const metadata = await stores.metadata
    try {
      return await given(found).run(() => metadata)
    } finally {
      // A stub that came over RPC keeps what it stands for until it is told.
      ;(metadata as unknown as Stub)[Symbol.dispose]()
    }
  }
  const found = blobStoreContract.find((one) => one.name === name)
  await empty(env.BLOBS)
  await given(found).run(() => r2Blobs(env.BLOBS, { partBytes: Number(kind) }))
}

async function empty(bucket: R2Bucket): Promise<void> {
  const { objects } = await bucket.list({ prefix: '' })
  if (objects.length > 0) await bucket.delete(objects.map(({ key }) => key))
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
      await run(query.get('kind'), query.get('name') ?? '', env)
      return new Response('holds')
    } catch (error) {
      return new Response(`${error}`)
    }
  },
}
export default worker
