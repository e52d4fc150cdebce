/**
 * One thing every implementation of a port must do. Cases need no test runner: a case that holds
 * resolves, and one that does not throws {@link ContractBroken}.
 */
export interface ContractCase<Make> {
  readonly name: string
  /** `make` gives a fresh, empty store; it is called once. */
  run(make: Make): Promise<void>
}

/** A store does something else than its port says. */
export class ContractBroken extends Error {
  override readonly name = 'ContractBroken'
}

/** Fails the case unless `condition` is true; `claim` says what should have been so. */
export function holds(condition: boolean, claim: string): asserts condition {
  if (!condition) throw new ContractBroken(claim)
}

/** Fails the case unless both are alike in every part; a field that is undefined is no field. */
export function equals(actual: unknown, expected: unknown, claim: string): void {
  if (alike(actual, expected)) return
  throw new ContractBroken(`${claim}: expected ${shown(expected)}, got ${shown(actual)}`)
}

/** Fails the case unless `action` throws or rejects. */
export async function rejects(action: () => Promise<unknown>, claim: string): Promise<void> {
  try {
    await action()
  } catch {
    return
  }
  throw new ContractBroken(claim)
}

function alike(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (a instanceof Uint8Array && b instanceof Uint8Array) return sameBytes(a, b)
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => alike(item, b[index]))
  }
  if (!isRecord(a) || !isRecord(b) || Array.isArray(a) !== Array.isArray(b)) return false
  const keys = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...keys].every((key) => alike(a[key], b[key]))
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.byteLength !== b.byteLength) return false
  for (let index = 0; index < a.byteLength; index += 1) if (a[index] !== b[index]) return false
  return true
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array)
}

function shown(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.byteLength} bytes`
  return JSON.stringify(value)?.slice(0, 2000) ?? String(value)
}
