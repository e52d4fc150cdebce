import type { MetadataStore, UploadStore } from '../../src/kit.ts'

/** What the cases make stores with; they run inside the runtime, where alone those can be made. */
export interface SqlMakers {
  prepareTables(storage: DurableObjectStorage, now: number): void
  metadata(storage: DurableObjectStorage, clock: () => number): MetadataStore
  uploads(storage: DurableObjectStorage, clock: () => number): UploadStore
}

/** A test of the stores in tables that goes beyond their contracts. */
export interface SqlCase {
  readonly name: string
  run(storage: DurableObjectStorage, makers: SqlMakers): Promise<void>
}

export const sqlCases: readonly SqlCase[] = []
