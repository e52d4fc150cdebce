import {
  type Findings,
  type Found,
  quoted,
  readFields,
  readObject,
  readText,
} from '../access/policy/findings.ts'
import { parseFixedRepositories, parseTags } from '../access/policy/parse-patterns.ts'
import { type RepositoryPattern, repositoryMatcher } from '../access/policy/repository-pattern.ts'
import type { TagPattern } from '../access/policy/tag-pattern.ts'
import { readDuration } from './durations.ts'
import { isFollowingPattern } from './following-tags.ts'
import type { Deleting, Keeping, RetentionRule, RuleSubject } from './read-policy.ts'

const ruleFields = [
  'name',
  'repositories',
  'exceptRepositories',
  'tags',
  'exceptTags',
  'untagged',
  'empty',
  'keep',
  'delete',
] as const

const example = '{"repositories": "ci/**", "tags": "*", "delete": {"olderThan": "30d"}}'

const subjects = '"tags": "*", "untagged": true or "empty": true'

const hourMs = 3_600_000
/** More than any registry keeps, and few enough to be held in memory. */
const mostNewest = 100_000

type Fields = Partial<Readonly<Record<(typeof ruleFields)[number], Found<unknown>>>>

/** Reads a rule; null, and problems, where it cannot be read. */
export function parseRetentionRule(
  found: Found<unknown>,
  findings: Findings,
): RetentionRule | null {
  const { path } = found
  const fields = readFields(found, ruleFields, findings, example)
  if (fields === null) return null
  if (fields.repositories === undefined) {
    findings.problem(path, `has no "repositories": ${example}`)
  }
  const about = subjectOf(fields, path, findings)
  const name = fields.name && readText(fields.name, findings, 100)
  const isAbout = repositoriesOf(fields, findings)
  const tags = fields.tags && parseTags(fields.tags, findings)
  const exceptTags = fields.exceptTags && parseTags(fields.exceptTags, findings)
  if (fields.keep === undefined && fields.delete === undefined) {
    findings.problem(path, 'has to have "keep", "delete" or both')
  }
  if (about === null) return null
  if (fields.exceptTags !== undefined && about !== 'tags') {
    findings.problem(fields.exceptTags.path, 'is about tags, and this rule is not')
  }
  for (const one of [fields.tags && tags, fields.exceptTags && exceptTags]) {
    lookAtTags(path, one ?? [], findings)
  }
  const keep = fields.keep === undefined ? null : keepOf(fields.keep, about, findings)
  const deleting =
    fields.delete === undefined ? null : deleteOf(fields.delete, about, fields, findings)
  if (keep === 'all' && fields.delete !== undefined) {
    findings.problem(path, 'keeps all, so it has nothing to delete')
  }
  return {
    label: name ? `${path} ${JSON.stringify(name)}` : path,
    about,
    isAbout,
    tags: tags ?? [],
    exceptTags: exceptTags ?? [],
    keep,
    delete: deleting,
  }
}

function subjectOf(fields: Fields, path: string, findings: Findings): RuleSubject | null {
  const given = (['tags', 'untagged', 'empty'] as const).filter((key) => fields[key] !== undefined)
  for (const key of ['untagged', 'empty'] as const) {
    const field = fields[key]
    if (field !== undefined && field.value !== true) {
      findings.problem(field.path, `is true, or not there: ${quoted(field.value)}`)
    }
  }
  const [about, other] = given
  if (about === undefined) findings.problem(path, `says not what it is about: ${subjects}`)
  else if (other !== undefined) {
    findings.problem(path, `is about ${about} and about ${other}: make two rules of it`)
    return null
  }
  return about ?? null
}

function repositoriesOf(fields: Fields, findings: Findings): (repository: string) => boolean {
  const some = matchersOf(
    fields.repositories && parseFixedRepositories(fields.repositories, findings),
  )
  const others = matchersOf(
    fields.exceptRepositories && parseFixedRepositories(fields.exceptRepositories, findings),
  )
  return (name) => some.some((matches) => matches(name)) && !others.some((matches) => matches(name))
}

function matchersOf(
  patterns: readonly RepositoryPattern[] | undefined,
): readonly ((name: string) => boolean)[] {
  return (patterns ?? []).map(({ text }) => repositoryMatcher(text))
}

function lookAtTags(path: string, tags: readonly TagPattern[], findings: Findings): void {
  for (const { text, isPossible } of tags) {
    if (!isPossible) findings.warning(path, `"${text}" matches no tag that there can be`)
    if (isFollowingPattern(text)) {
      const why = 'such tags follow the manifest in their name, and no rule is about them'
      findings.warning(path, `"${text}" matches nothing: ${why}`)
    }
  }
}

function keepOf(
  found: Found<unknown>,
  about: RuleSubject,
  findings: Findings,
): 'all' | Keeping | null {
  const { value, path } = found
  if (about === 'empty') {
    findings.problem(path, 'a repository that holds nothing is deleted, or not: leave this out')
    return null
  }
  if (value === 'all') return 'all'
  const most = about === 'tags' ? '{"newest": 10}' : '{"pulledWithin": "30d"}'
  if (typeof value === 'string') {
    findings.problem(path, `${quoted(value)} is not "all", nor an object such as ${most}`)
    return null
  }
  const keys =
    about === 'tags'
      ? (['newest', 'newestVersions', 'pushedWithin', 'pulledWithin'] as const)
      : (['pushedWithin', 'pulledWithin'] as const)
  const fields = readFields<(typeof keys)[number] | 'newest' | 'newestVersions'>(
    found,
    keys,
    findings,
    most,
  )
  if (fields === null) return null
  if (Object.keys(fields).length === 0) findings.problem(path, `is empty: write "all" or ${most}`)
  return definedOf({
    newest: fields.newest && countOf(fields.newest, findings),
    newestVersions: fields.newestVersions && countOf(fields.newestVersions, findings),
    pushedWithin: fields.pushedWithin && readDuration(fields.pushedWithin, findings),
    pulledWithin: fields.pulledWithin && readDuration(fields.pulledWithin, findings),
  })
}

function deleteOf(
  found: Found<unknown>,
  about: RuleSubject,
  { keep }: Fields,
  findings: Findings,
): 'all' | Deleting | null {
  const { value, path } = found
  if (about === 'empty') {
    if (value !== 'all') findings.problem(path, 'is "all" for empty repositories')
    return 'all'
  }
  if (typeof value === 'string') return deleteWord(value, path, about, keep !== undefined, findings)
  const some = '{"olderThan": "30d"}'
  if (readObject(found, findings, some) === null) return null
  const fields = readFields(found, ['olderThan', 'notPulledFor'] as const, findings, some)
  if (fields === null) return null
  const { olderThan, notPulledFor } = fields
  if (about === 'untagged' && olderThan === undefined) findings.problem(path, graceIsMissing)
  else if (Object.keys(fields).length === 0) findings.problem(path, `is empty: write ${some}`)
  const deleting = definedOf({
    olderThan: olderThan && readDuration(olderThan, findings),
    notPulledFor: notPulledFor && readDuration(notPulledFor, findings),
  })
  if (about === 'untagged' && (deleting.olderThan ?? hourMs) < hourMs) {
    findings.warning(
      path,
      'a push of many platforms may take longer than that until its index comes: give it an hour at least',
    )
  }
  return deleting
}

const graceIsMissing =
  'says not after which time: a manifest is untagged before its tag or index comes. Write {"olderThan": "7d"}'

function deleteWord(
  word: string,
  path: string,
  about: RuleSubject,
  hasKeep: boolean,
  findings: Findings,
): 'all' | null {
  if (about === 'untagged') findings.problem(path, graceIsMissing)
  else if (word === 'others') {
    if (hasKeep) return 'all'
    findings.problem(path, 'others than which? The rule has no "keep": write "all"')
  } else if (word === 'all') {
    if (!hasKeep) return 'all'
    findings.problem(path, 'the rule keeps some: write "others"')
  } else {
    findings.problem(path, `${quoted(word)} is neither "all" nor "others" nor {"olderThan": "30d"}`)
  }
  return null
}

function countOf({ value, path }: Found<unknown>, findings: Findings): number | null {
  if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= mostNewest) {
    return value
  }
  findings.problem(path, `${quoted(value)} is not a number from 1 to ${mostNewest}`)
  return null
}

/** Without what was not given, or cannot be read: then there is a problem. */
function definedOf<K extends string>(
  fields: Readonly<Record<K, number | null | undefined>>,
): { readonly [name in K]?: number } {
  const entries = Object.entries(fields).filter(([, value]) => typeof value === 'number')
  return Object.fromEntries(entries) as { readonly [name in K]?: number }
}
