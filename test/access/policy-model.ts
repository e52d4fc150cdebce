import fc from 'fast-check'
import type { Ask, Principal } from '../../src/index.ts'
import { ask, caller } from './policy-names.ts'

/** A rule as the tests write it: every part is a list. */
export interface ModelRule {
  readonly who: readonly string[]
  readonly repositories: readonly string[]
  readonly allow?: readonly string[]
  readonly deny?: readonly string[]
  readonly tags?: readonly string[]
}

/** A policy as the tests write it. */
export interface ModelPolicy {
  readonly groups: Readonly<Record<string, readonly string[]>>
  readonly rules: readonly ModelRule[]
}

const groups = { g: ['a', 'constructor'], constructor: ['b'] }

/** Every name of up to three segments of these letters. */
export const everyName: readonly string[] = ['a', 'b', 'constructor'].flatMap((one) => [
  one,
  ...['a', 'b', 'ab'].flatMap((two) => [`${one}/${two}`, `${one}/${two}/a`, `${one}/${two}/b`]),
])

export const everyCaller: ReadonlyArray<Principal | null> = [
  null,
  ...['a', 'b', 'ab', 'A', 'a/b', 'constructor', '__proto__'].map((id) => caller(id)),
]

const tags = ['v1', '1.2.3', 'latest']
const references = [null, 'digest', ...tags]

/** Every ask about these names. */
export const everyAsk: readonly Ask[] = [
  ask('catalog', null),
  ask('admin', null),
  ...everyName.flatMap((name) => [
    ask('pull', name),
    ask('admin', name),
    ...references.flatMap((each) => [ask('push', name, each), ask('delete', name, each)]),
  ]),
]

const who = fc.constantFrom(
  '*',
  'anonymous',
  'user:a',
  'user:b',
  'user:constructor',
  'group:g',
  'group:constructor',
)
const segment = fc.constantFrom(
  'a',
  'b',
  'ab',
  '*',
  'a*',
  '*b',
  '**',
  '{user}',
  'a{user}',
  'constructor',
)
const pattern = fc
  .array(segment, { minLength: 1, maxLength: 3 })
  .filter((segments) => segments.every((each, at) => each !== '**' || segments[at - 1] !== '**'))
  .map((segments) => segments.join('/'))
const some = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
  fc.uniqueArray(item, { minLength: 1, maxLength: 2 })

const ofTags = fc.record({
  who: some(who),
  repositories: some(pattern),
  actions: fc.subarray(['push', 'delete'], { minLength: 1 }),
  tags: some(fc.constantFrom('*', 'v*', 'latest', 'semver')),
  isAllowed: fc.boolean(),
})
const ofAll = fc.record({
  who: some(who),
  repositories: some(pattern),
  actions: fc.subarray(['pull', 'push', 'delete', 'admin'], { minLength: 1 }),
  isAllowed: fc.boolean(),
})
const ofCatalog = fc.record({
  who: some(who),
  repositories: fc.constant(['**']),
  actions: fc.constant(['catalog']),
  isAllowed: fc.boolean(),
})

const rule: fc.Arbitrary<ModelRule> = fc
  .oneof(
    { weight: 5, arbitrary: ofAll },
    { weight: 3, arbitrary: ofTags },
    { weight: 1, arbitrary: ofCatalog },
  )
  .map(({ actions, isAllowed, ...rest }) => ({
    ...rest,
    ...(isAllowed ? { allow: actions } : { deny: actions }),
  }))

/** Policies of a few rules over these names. */
export const modelPolicies: fc.Arbitrary<ModelPolicy> = fc
  .array(rule, { minLength: 1, maxLength: 6 })
  .map((rules) => ({ groups, rules }))

/** The index of the first rule that matches, looked for in the plainest way; null for none. */
export function firstMatch(
  policy: ModelPolicy,
  who: Principal | null,
  { action, repository, reference }: Ask,
): number | null {
  for (const [index, each] of policy.rules.entries()) {
    const actions = each.allow ?? each.deny ?? []
    if (!actions.includes(action)) continue
    if (!each.who.some((one) => isMeant(policy, one, who))) continue
    if (action !== 'catalog') {
      const patterns = each.repositories.flatMap((text) => filled(text, who) ?? [])
      const isNamed =
        repository === null
          ? patterns.includes('**')
          : patterns.some((text) => matchesName(text.split('/'), repository.split('/')))
      if (!isNamed) continue
    }
    if (each.tags !== undefined) {
      const { tags: wanted, allow } = each
      if (reference?.kind === 'tag') {
        if (!wanted.some((text) => matchesTag(text, reference.tag))) continue
      } else if (
        allow !== undefined ? action !== 'push' : action !== 'delete' || reference !== null
      )
        continue
    }
    return index
  }
  return null
}

function isMeant({ groups: all }: ModelPolicy, text: string, who: Principal | null): boolean {
  if (text === 'anonymous') return true
  if (who === null) return false
  if (text === '*') return true
  const [kind, name = ''] = text.split(':')
  if (kind === 'user') return who.id === name
  return new Map(Object.entries(all)).get(name)?.includes(who.id) === true
}

function filled(text: string, who: Principal | null): string | null {
  if (!text.includes('{user}')) return text
  if (who === null || !/^[a-z]+$/.test(who.id)) return null
  return text.replaceAll('{user}', who.id)
}

/** By trying everything: `**` takes none, one, or more segments, and one at least at the end. */
export function matchesName(pattern: readonly string[], name: readonly string[]): boolean {
  const [first, ...rest] = pattern
  if (first === undefined) return name.length === 0
  if (first !== '**') {
    const [segment, ...others] = name
    return segment !== undefined && matchesText(first, segment) && matchesName(rest, others)
  }
  if (rest.length === 0) return name.length > 0
  return name.some((_, at) => matchesName(rest, name.slice(at)))
}

/** By trying everything. */
export function matchesText(pattern: string, text: string): boolean {
  if (pattern === '') return text === ''
  if (pattern[0] !== '*')
    return text[0] === pattern[0] && matchesText(pattern.slice(1), text.slice(1))
  return matchesText(pattern.slice(1), text) || (text !== '' && matchesText(pattern, text.slice(1)))
}

function matchesTag(pattern: string, tag: string): boolean {
  return pattern === 'semver' ? tag === '1.2.3' : matchesText(pattern, tag)
}
