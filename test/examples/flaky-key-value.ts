import { RegistryError } from 'layerdock'
import { type KeyValue, mapKeyValue } from '../../examples/custom-store/key-value.ts'

/** A database one access to which can be made to fail, as `StorePlace.failOnce` wants it. */
export interface FlakyKeyValue {
  readonly values: KeyValue
  failOnce(skip?: number): () => boolean
}

export function flakyKeyValue(): FlakyKeyValue {
  const values = mapKeyValue()
  let left = Number.POSITIVE_INFINITY
  const access = (): void => {
    left -= 1
    if (left === -1) throw new RegistryError('unavailable')
  }
  return {
    failOnce(skip = 0) {
      left = skip
      return () => {
        const happened = left < 0
        if (!happened) left = Number.POSITIVE_INFINITY
        return happened
      }
    },
    values: {
      async get(key) {
        access()
        return values.get(key)
      },
      async set(key, value) {
        access()
        await values.set(key, value)
      },
      async delete(key) {
        access()
        return values.delete(key)
      },
      async *keys(prefix, after) {
        access()
        yield* values.keys(prefix, after)
      },
    },
  }
}
