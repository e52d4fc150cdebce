/** An object with methods, of which some are replaced. */
type Methods = Readonly<Record<string, unknown>>

/** What stands for a method; called with the method, bound to its object. */
export type Around = (name: string, method: (...words: never[]) => unknown) => unknown

/**
 * The same object with something around each of its methods, those that a class has included. What is not a method stays
 * as it is, and what it is later.
 */
export function aroundMethods<T extends object>(target: T, around: Around): T {
  const made: object = {}
  for (const name of namesOf(target)) {
    const value = (target as Methods)[name]
    const property: PropertyDescriptor =
      typeof value === 'function'
        ? { value: around(name, value.bind(target)), writable: true }
        : { get: () => (target as Methods)[name] }
    // Enumerable: wrappers spread services and stores.
    Object.defineProperty(made, name, { ...property, enumerable: true, configurable: true })
  }
  return made as T
}

function namesOf(target: object): ReadonlySet<string> {
  const names: Set<string> = new Set()
  for (let at = target; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) if (name !== 'constructor') names.add(name)
  }
  return names
}
