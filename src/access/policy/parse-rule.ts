import type { PolicyAction } from './document.ts'
import {
  type Findings,
  type Found,
  quoted,
  readFields,
  readOneOrMore,
  readText,
} from './findings.ts'
import { didYouMean } from './nearest-word.ts'
import { parseFixedRepositories, parseRepositories, parseTags } from './parse-patterns.ts'
import { type KnownNames, parseWho } from './parse-who.ts'
import type { ImmutableRule, Rule } from './read-policy.ts'
import type { PatternProblem, RepositoryPattern } from './repository-pattern.ts'

/** What rules are about. */
export const policyActions: readonly PolicyAction[] = ['pull', 'push', 'delete', 'catalog', 'admin']

const everywhere: readonly RepositoryPattern[] = [{ text: '**', pieces: ['**'] }]

const ruleFields = ['name', 'who', 'repositories', 'allow', 'deny', 'tags'] as const

/** Reads a rule; null, and problems, where it cannot be read. */
export function parseRule(
  found: Found<unknown>,
  known: KnownNames,
  findings: Findings,
): Rule | null {
  const { path } = found
  const example = '{"who": "*", "repositories": "**", "allow": ["pull"]}'
  const fields = readFields(found, ruleFields, findings, example)
  if (fields === null) return null
  if (fields.who === undefined) findings.problem(path, `has no "who": ${example}`)
  const who = fields.who === undefined ? [] : parseWho(fields.who, known, findings)
  const name = fields.name && readText(fields.name, findings, 100)
  if ((fields.allow === undefined) === (fields.deny === undefined)) {
    findings.problem(path, `has to have one of "allow" and "deny": ${example}`)
    return null
  }
  const given = fields.allow ?? fields.deny
  const actions = new Set(given === undefined ? [] : parseActions(given, findings))
  const effect = fields.allow === undefined ? 'deny' : 'allow'
  const isOfRepositories = ['pull', 'push', 'delete'].some((each) =>
    actions.has(each as PolicyAction),
  )
  if (fields.repositories === undefined && isOfRepositories) {
    findings.problem(path, `has no "repositories": ${example}`)
  }
  const repositories =
    fields.repositories === undefined
      ? everywhere
      : parseRepositories(fields.repositories, findings)
  if (effect === 'deny' && actions.has('catalog') && !repositories.some(isEverywhere)) {
    findings.problem(
      path,
      'the catalog is denied as a whole, or not at all; it shows what the caller may pull: deny pull here',
    )
  }
  const tags = fields.tags && parseTags(fields.tags, findings)
  const others = [...actions].filter((action) => action !== 'push' && action !== 'delete')
  if (fields.tags !== undefined && others.length > 0) {
    findings.problem(
      fields.tags.path,
      `tags narrow push and delete alone: give ${others.join(', ')} a rule without them`,
    )
  }
  const label = name ? `${path} ${JSON.stringify(name)}` : path
  return { path, label, who, repositories, effect, actions, tags: tags ?? null }
}

function isEverywhere({ text }: RepositoryPattern): boolean {
  return text === '**'
}

function parseActions(found: Found<unknown>, findings: Findings): readonly PolicyAction[] {
  const items = readOneOrMore(found, findings) ?? []
  return items.flatMap((item) => {
    const text = readText(item, findings)
    if (text === null) return []
    const action = parsePolicyAction(text)
    if (typeof action === 'string') return [action]
    findings.problem(item.path, action.problem)
    return []
  })
}

/** Parses an action; a problem where it is none. */
export function parsePolicyAction(text: string): PolicyAction | PatternProblem {
  const action = policyActions.find((each) => each === text)
  if (action !== undefined) return action
  const meant = meanings.get(text.toLowerCase()) ?? didYouMean(text, policyActions)
  const hint = meant || `; there are ${policyActions.join(', ')}`
  return { problem: `${quoted(text)} is not an action${hint}` }
}

/** Words of other registries. */
const meanings: ReadonlyMap<string, string> = new Map([
  ['*', `; list them: ${policyActions.map((action) => `"${action}"`).join(', ')}`],
  ['all', `; list them: ${policyActions.map((action) => `"${action}"`).join(', ')}`],
  ['read', '; did you mean "pull"?'],
  ['write', '; did you mean "push"?'],
  ['create', '; did you mean "push"? With "immutable", tags may be made and not moved'],
  ['update', '; did you mean "push"?'],
  ['list', '; did you mean "catalog"? Who may pull may list the tags'],
  ['ping', '; nobody needs a rule for the version check'],
])

const immutableFields = ['repositories', 'tags', 'except'] as const

/** Reads an entry of `immutable`; null, and problems, where it cannot be read. */
export function parseImmutable(
  found: Found<unknown>,
  known: KnownNames,
  findings: Findings,
): ImmutableRule | null {
  const example = '{"repositories": "**", "tags": "semver"}'
  const fields = readFields(found, immutableFields, findings, example)
  if (fields === null) return null
  for (const key of ['repositories', 'tags'] as const) {
    if (fields[key] === undefined) findings.problem(found.path, `has no "${key}": ${example}`)
  }
  if (fields.repositories === undefined || fields.tags === undefined) return null
  return {
    label: found.path,
    repositories: parseFixedRepositories(fields.repositories, findings),
    tags: parseTags(fields.tags, findings),
    except: fields.except === undefined ? [] : parseWho(fields.except, known, findings),
  }
}
