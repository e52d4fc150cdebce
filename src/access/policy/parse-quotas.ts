import { type Findings, type Found, quoted, readFields, readList } from './findings.ts'
import { parseFixedRepositories } from './parse-patterns.ts'
import type { Quota } from './read-policy.ts'
import { repositoryMatcher } from './repository-pattern.ts'

/** Reads the quotas. Those with a problem are left out, and the problem is noted. */
export function parseQuotas(
  found: Found<unknown> | undefined,
  findings: Findings,
): readonly Quota[] {
  return readList(found, findings).flatMap((item) => parseQuota(item, findings) ?? [])
}

function parseQuota(found: Found<unknown>, findings: Findings): Quota | null {
  const example = '{"repositories": "team/**", "bytes": "10GB"}'
  const fields = readFields(found, ['repositories', 'bytes'], findings, example)
  if (fields === null) return null
  for (const key of ['repositories', 'bytes'] as const) {
    if (fields[key] === undefined) findings.problem(found.path, `has no "${key}": ${example}`)
  }
  const repositories = fields.repositories && parseFixedRepositories(fields.repositories, findings)
  const bytes = fields.bytes && parseBytes(fields.bytes, findings)
  if (repositories === undefined || typeof bytes !== 'number') return null
  return { repositories, bytes }
}

/** Units of bytes, in upper case. */
const units: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['B', 1],
  ['KB', 1e3],
  ['MB', 1e6],
  ['GB', 1e9],
  ['TB', 1e12],
  ['KIB', 2 ** 10],
  ['MIB', 2 ** 20],
  ['GIB', 2 ** 30],
  ['TIB', 2 ** 40],
])

function parseBytes({ value, path }: Found<unknown>, findings: Findings): number | null {
  const isGiven = typeof value === 'number' || typeof value === 'string'
  const [, digits = '', unit = ''] =
    /^(\d{1,16}(?:\.\d{1,9})?) ?([A-Za-z]*)$/.exec(isGiven ? String(value) : '') ?? []
  const bytes = Math.round(Number(digits) * (units.get(unit.toUpperCase()) ?? Number.NaN))
  if (digits !== '' && Number.isSafeInteger(bytes)) return bytes
  findings.problem(
    path,
    `${quoted(value)} is not a number of bytes such as 500000, "500MiB" or "10GB"`,
  )
  return null
}

/**
 * How many bytes a repository may have, by the first quota that matches it; null where there is none.
 *
 * @param quotas of a policy that was read
 */
export function repositoryQuota(quotas: readonly Quota[]): (repository: string) => number | null {
  const entries = quotas.map(({ repositories, bytes }) => ({
    bytes,
    matchers: repositories.map(({ text }) => repositoryMatcher(text)),
  }))
  return (repository) =>
    entries.find(({ matchers }) => matchers.some((matches) => matches(repository)))?.bytes ?? null
}
