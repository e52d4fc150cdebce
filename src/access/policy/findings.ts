import { didYouMean } from './nearest-word.ts'
import type { PolicyFinding } from './read-policy.ts'

/** What was found in a document so far. */
export interface Findings {
  readonly problems: PolicyFinding[]
  readonly warnings: PolicyFinding[]
  problem(path: string, message: string): void
  warning(path: string, message: string): void
}

/** Makes an empty list of findings. */
export function noFindings(): Findings {
  const problems: PolicyFinding[] = []
  const warnings: PolicyFinding[] = []
  return {
    problems,
    warnings,
    problem: (path, message) => problems.push({ path, message }),
    warning: (path, message) => warnings.push({ path, message }),
  }
}

/** The path of a key of the object at `path`. */
export function keyPath(path: string, key: string): string {
  if (!/^[A-Za-z_$][\w$]*$/.test(key)) return `${path}[${JSON.stringify(shortened(key))}]`
  return path === '' ? key : `${path}.${key}`
}

/** A value of the document for a message. Lists and objects are not spelled out: they may be deep. */
export function quoted(value: unknown): string {
  if (typeof value === 'string') return shortened(JSON.stringify(value))
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}

function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}

/** A value of the document, and where it stands. */
export interface Found<T> {
  readonly value: T
  readonly path: string
}

/** The entries of an object; null, and a problem, where it is none. */
export function readObject(
  { value, path }: Found<unknown>,
  findings: Findings,
  example: string,
): ReadonlyMap<string, Found<unknown>> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    findings.problem(path, `is not an object such as ${example}`)
    return null
  }
  return new Map(
    Object.entries(value)
      .filter(([, each]) => each !== undefined)
      .map(([key, each]) => [key, { value: each, path: keyPath(path, key) }]),
  )
}

/** The same of an object with these keys and no others. */
export function readFields<K extends string>(
  found: Found<unknown>,
  keys: readonly K[],
  findings: Findings,
  example: string,
): Partial<Readonly<Record<K, Found<unknown>>>> | null {
  const entries = readObject(found, findings, example)
  if (entries === null) return null
  const fields: Partial<Record<K, Found<unknown>>> = {}
  for (const [name, entry] of entries) {
    const key = keys.find((each) => each === name)
    if (key !== undefined) fields[key] = entry
    else {
      const hint =
        didYouMean(name, keys) || `; there ${keys.length === 1 ? 'is' : 'are'} ${keys.join(', ')}`
      findings.problem(entry.path, `is not known here${hint}`)
    }
  }
  return fields
}

/** The items of a list; of one value, that value. Null, and a problem, where there is none. */
export function readOneOrMore(
  { value, path }: Found<unknown>,
  findings: Findings,
): ReadonlyArray<Found<unknown>> | null {
  if (!Array.isArray(value)) return [{ value, path }]
  if (value.length === 0) {
    findings.problem(path, 'is empty')
    return null
  }
  return value.map((each: unknown, index) => ({ value: each, path: `${path}[${index}]` }))
}

/** The items of a list; none, and a problem, where it is no list. */
export function readList(
  found: Found<unknown> | undefined,
  findings: Findings,
): ReadonlyArray<Found<unknown>> {
  if (found === undefined) return []
  const { value, path } = found
  if (Array.isArray(value)) {
    return value.map((each: unknown, index) => ({ value: each, path: `${path}[${index}]` }))
  }
  findings.problem(path, 'is not a list: put it into [ ]')
  return []
}

/** A text that has something in it, on one line; null, and a problem, where it has not. */
export function readText(
  { value, path }: Found<unknown>,
  findings: Findings,
  most: number = 1024,
): string | null {
  if (typeof value !== 'string') {
    findings.problem(path, `is not a text: ${quoted(value)}`)
    return null
  }
  if (value === '') findings.problem(path, 'is empty')
  else if (value.length > most) findings.problem(path, `has more than ${most} characters`)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding control characters is the point
  else if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(value)) {
    findings.problem(path, 'has a control character')
  } else return value
  return null
}
