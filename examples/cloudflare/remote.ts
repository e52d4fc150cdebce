import { RegistryError } from 'layerdock'

/** How the message of an error begins that has to be `unavailable` to the registry. */
export const unavailable: string = 'unavailable: '

type Method = (...values: readonly unknown[]) => Promise<unknown>

/**
 * A store in a Durable Object, called over RPC. An error loses its class on the way, so those of the
 * platform become the registry's here: `unavailable` while the object is restarted, moved or has too
 * much to do, `storageFull` once its tables are full.
 *
 * @param store asked for each call: a stub is of no use once the object was restarted
 * @param lacking what it does not have of a store: a stub cannot tell
 */
export function remote<Store extends object>(
  store: () => Store,
  lacking: readonly PropertyKey[] = [],
): Store {
  return new Proxy({} as Store, {
    get(_, name) {
      // So that a promise may resolve to the store.
      if (name === 'then' || lacking.includes(name)) return undefined
      return async (...values: readonly unknown[]) => {
        try {
          // Not by `Reflect`: a stub has a method of any name, and it is called on the stub.
          return await (store() as Record<PropertyKey, Method>)[name]?.(...values)
        } catch (cause) {
          const { retryable, overloaded, durableObjectReset, message } = cause as RemoteError
          if (retryable || overloaded || durableObjectReset || message.startsWith(unavailable)) {
            throw new RegistryError('unavailable', { cause })
          }
          if (message.includes('SQLITE_FULL')) throw new RegistryError('storageFull', { cause })
          throw cause
        }
      }
    },
  })
}

/** What the platform says of an error that came over RPC. */
interface RemoteError extends Error {
  readonly retryable?: boolean
  readonly overloaded?: boolean
  readonly durableObjectReset?: boolean
}
