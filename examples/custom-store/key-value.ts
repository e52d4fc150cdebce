/**
 * What the store needs of a database of keys and values: Redis, DynamoDB, IndexedDB and many others have
 * it. A method that cannot reach the database throws RegistryError `unavailable`; one that finds no room
 * in it, `storageFull`.
 */
export interface KeyValue {
  get(key: string): Promise<Uint8Array | null>
  /** Once it resolves, the value outlives the process, and a power loss if you promise that. */
  set(key: string, value: Uint8Array): Promise<void>
  delete(key: string): Promise<boolean>
  /** The keys that begin with `prefix`, in order, from after the key `after`. */
  keys(prefix: string, after?: string): AsyncIterable<string>
}

/** One in this process, which takes small values alone, as such databases do. */
export function mapKeyValue(valueBytes: number = 512 * 1024): KeyValue {
  const values: Map<string, Uint8Array> = new Map()
  return {
    get: async (key) => values.get(key)?.slice() ?? null,
    async set(key, value) {
      if (value.byteLength > valueBytes) throw new Error(`${key} is larger than ${valueBytes}`)
      values.set(key, value.slice())
    },
    delete: async (key) => values.delete(key),
    async *keys(prefix, after = '') {
      const found = [...values.keys()].filter((key) => key.startsWith(prefix) && key > after)
      yield* found.sort()
    },
  }
}
