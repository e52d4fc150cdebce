import { type Findings, noFindings, readFields, readList } from '../access/policy/findings.ts'
import { parseJsonText } from '../access/policy/json-text.ts'
import { parseRetentionRule } from './parse-rule.ts'
import type { RetentionPolicy, RetentionReading } from './read-policy.ts'

const example =
  '{"rules": [{"repositories": "**", "untagged": true, "delete": {"olderThan": "7d"}}]}'

/**
 * Reads a retention policy, strictly: a word, a key or a pattern that is not known is a problem, and a policy with a
 * problem is none.
 *
 * @param source the text of a JSON document of 1 MiB at most, or what was parsed of one; see `RetentionDocument`
 *
 * @example
 * const { policy, problems } = parseRetention({
 *   rules: [{ repositories: 'ci/**', tags: '*', keep: { newest: 20 }, delete: 'others' }],
 * })
 */
export function parseRetention(source: unknown): RetentionReading {
  const findings = noFindings()
  const value = typeof source === 'string' ? parseJsonText(source, findings) : source
  const policy = findings.problems.length > 0 ? null : readDocument(value, findings)
  const { problems, warnings } = findings
  return { policy: problems.length === 0 ? policy : null, problems, warnings }
}

function readDocument(value: unknown, findings: Findings): RetentionPolicy | null {
  const fields = readFields({ value, path: '' }, ['rules'], findings, example)
  if (fields === null) return null
  if (fields.rules === undefined) findings.problem('', `has no "rules", such as ${example}`)
  const rules = readList(fields.rules, findings).flatMap(
    (item) => parseRetentionRule(item, findings) ?? [],
  )
  if (rules.length > 0 && rules.every((rule) => rule.delete === null)) {
    findings.warning('rules', 'nothing is ever deleted: no rule has "delete"')
  }
  return { rules }
}
