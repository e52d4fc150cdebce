import { ContractBroken, type ContractCase } from '../../src/testing/index.ts'

/** The store with some methods changed. */
export function but<T extends object>(store: T, change: (store: T) => Partial<T>): T {
  const changed = change(store) as Partial<Record<PropertyKey, unknown>>
  return new Proxy(store, {
    get(target, key) {
      if (key in changed) return changed[key]
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** The first case that does not hold; null where all do. */
export async function brokenCase<M>(
  contract: readonly ContractCase<M>[],
  make: M,
): Promise<string | null> {
  for (const { name, run } of contract) {
    try {
      await run(make)
    } catch (error) {
      if (error instanceof ContractBroken) return name
    }
  }
  return null
}

/** The names of all cases that fail, however they do. */
export async function brokenCases<M>(
  contract: readonly ContractCase<M>[],
  make: M,
): Promise<readonly string[]> {
  const broken: string[] = []
  for (const { name, run } of contract) await run(make).catch(() => broken.push(name))
  return broken
}
