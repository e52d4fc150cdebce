/** The promise itself carries its value. */
const key: unique symbol = Symbol('value')

type Carrier<T> = Promise<T> & { [key]?: T }

/**
 * Promises a value that is there already, so that {@link whenSettled} need not wait for it. A promise is
 * returned as it is.
 */
export function settled<T>(value: T | Promise<T>): Promise<T> {
  if (value instanceof Promise) return value
  const promise: Carrier<T> = Promise.resolve(value)
  promise[key] = value
  return promise
}

/**
 * Calls \`use\` with the value of a promise: at once where it is {@link settled}. Waiting a few turns, and
 * answering a request later than it came, costs a small read a tenth of its time.
 */
export function whenSettled<T extends object | null, U>(
  promise: Promise<T>,
  use: (value: T) => U | Promise<U>,
): U | Promise<U> {
  const value = (promise as Carrier<T>)[key]
  return value === undefined ? promise.then(use) : use(value)
}
