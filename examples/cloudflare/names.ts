import { DurableObject } from 'cloudflare:workers'
import { SqlMetadata } from './sql-metadata.ts'
import { prepareTables } from './sql-upgrade.ts'
import { SqlUploads } from './sql-uploads.ts'

/**
 * The registry's names and upload sessions: one object, so one writer, whose tables are durable. No
 * byte of a blob passes through it. What its getters return is called over RPC, so that to a worker
 * a stub's `metadata` and `uploads` are the stores themselves.
 */
export class Names extends DurableObject {
  readonly #metadata: SqlMetadata
  readonly #uploads: SqlUploads

  constructor(state: DurableObjectState, env: unknown) {
    super(state, env)
    prepareTables(state.storage, Date.now())
    this.#metadata = new SqlMetadata(state.storage)
    this.#uploads = new SqlUploads(state.storage)
  }

  get metadata(): SqlMetadata {
    return this.#metadata
  }

  get uploads(): SqlUploads {
    return this.#uploads
  }
}

/** What workers see of {@link Names}. */
export interface NamesNamespace {
  getByName(name: string): Pick<Names, 'metadata' | 'uploads'>
}
