import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseRetention } from '../../src/retention/index.ts'
import { runs } from '../sample.ts'

const tags = { repositories: '**', tags: '*' }
const untagged = { repositories: '**', untagged: true }

/** What is said of a rule, with its place. */
function saidOf(rule: unknown): string[] {
  const { problems, warnings } = parseRetention({ rules: [rule] })
  return [...problems, ...warnings].map(({ path, message }) => `${path}: ${message}`)
}

describe('a retention policy', () => {
  test('is read with all it can say', () => {
    const { policy, problems, warnings } = parseRetention({
      rules: [
        { name: 'releases', repositories: '**', tags: ['latest', 'semver'], keep: 'all' },
        {
          repositories: ['ci/**', 'nightly'],
          exceptRepositories: 'ci/keep/*',
          tags: '*',
          exceptTags: 'stable-*',
          keep: { newest: 20, newestVersions: 5, pushedWithin: '1w', pulledWithin: '36h' },
          delete: 'others',
        },
        { ...tags, delete: { olderThan: '30d', notPulledFor: '90d' } },
        { ...untagged, keep: { pulledWithin: '30d' }, delete: { olderThan: '7d' } },
        { repositories: 'ci/**', empty: true, delete: 'all' },
      ],
    })
    expect([problems, warnings]).toEqual([[], []])
    const { rules = [] } = policy ?? {}
    expect(rules.map(({ label }) => label)).toEqual([
      'rules[0] "releases"',
      ...[1, 2, 3, 4].map((at) => `rules[${at}]`),
    ])
    expect(rules[1]?.keep).toEqual({
      newest: 20,
      newestVersions: 5,
      pushedWithin: 604_800_000,
      pulledWithin: 129_600_000,
    })
    const names = ['ci/app', 'ci/keep/app', 'nightly', 'other']
    expect(names.map((name) => rules[1]?.isAbout(name))).toEqual([true, false, true, false])
  })

  test('is text as well, and names the place of what is no JSON', () => {
    const text = JSON.stringify({ rules: [{ ...tags, delete: { olderThan: '30d' } }] })
    expect(parseRetention(text).policy?.rules).toHaveLength(1)
    expect(parseRetention('{"rules": [}').problems).toEqual([
      { path: '', message: 'is not JSON from line 1, column 12 on' },
    ])
    const twice = '{"rules": [], "rules": []}'
    expect(parseRetention(twice).problems).toEqual([
      { path: 'rules', message: 'stands twice, and only one would count' },
    ])
  })

  test.each<[string, unknown, string]>([
    ['no repositories', { tags: '*', keep: 'all' }, 'rules[0]: has no "repositories"'],
    ['no subject', { repositories: '**', keep: 'all' }, 'says not what it is about'],
    ['two subjects', { ...tags, untagged: true, keep: 'all' }, 'is about tags and about untagged'],
    ['no action', tags, 'rules[0]: has to have "keep", "delete" or both'],
    [
      'a wrong key',
      { ...tags, keeep: 'all' },
      'rules[0].keeep: is not known here; did you mean "keep"?',
    ],
    ['a wrong condition', { ...tags, delete: { olderThen: '3d' } }, 'did you mean "olderThan"?'],
    [
      'a number of days',
      { ...tags, delete: { olderThan: 30 } },
      'rules[0].delete.olderThan: is a number without a unit: write "30d"',
    ],
    [
      'a wrong unit',
      { ...tags, delete: { olderThan: '30 days' } },
      '"30 days" is not a time such as 12h, 30d or 8w',
    ],
    ['a time of nothing', { ...tags, delete: { olderThan: '0d' } }, '"0d" is not a time'],
    [
      'a number of none',
      { ...tags, keep: { newest: 0 } },
      'rules[0].keep.newest: 0 is not a number from 1',
    ],
    ['a number as text', { ...tags, keep: { newest: '3' } }, '"3" is not a number from 1'],
    [
      'all that is kept',
      { ...tags, keep: 'all', delete: { olderThan: '3d' } },
      'keeps all, so it has nothing to delete',
    ],
    ['others of none', { ...tags, delete: 'others' }, 'others than which?'],
    [
      'all beside some',
      { ...tags, keep: { newest: 3 }, delete: 'all' },
      'the rule keeps some: write "others"',
    ],
    ['a wrong word', { ...tags, delete: 'rest' }, '"rest" is neither "all" nor "others"'],
    ['an empty condition', { ...tags, keep: {} }, 'rules[0].keep: is empty'],
    ['untagged without a time', { ...untagged, delete: 'all' }, 'says not after which time'],
    [
      'untagged by pulls alone',
      { ...untagged, delete: { notPulledFor: '3d' } },
      'says not after which time',
    ],
    [
      'newest of untagged',
      { ...untagged, keep: { newest: 3 } },
      'rules[0].keep.newest: is not known here',
    ],
    [
      'untagged of no truth',
      { repositories: '**', untagged: 'yes', keep: 'all' },
      'is true, or not there: "yes"',
    ],
    ['empty with keep', { repositories: '**', empty: true, keep: 'all' }, 'leave this out'],
    [
      'tags that are not there',
      { ...untagged, exceptTags: 'a', keep: 'all' },
      'is about tags, and this rule is not',
    ],
    [
      'a wrong pattern',
      { ...tags, tags: 'v[0-9]', keep: 'all' },
      'no tag has "["; the only wildcard is *',
    ],
    [
      'a wrong repository',
      { ...tags, repositories: 'Team/*', keep: 'all' },
      'names of repositories are lower case',
    ],
    [
      'a caller',
      { ...tags, repositories: '{user}/*', keep: 'all' },
      'nothing stands for the caller here',
    ],
  ])('with %s is none, and says where and what to do', (_, rule, message) => {
    const { policy, problems } = parseRetention({ rules: [rule] })
    expect(policy).toBeNull()
    expect(problems.length).toBeGreaterThan(0)
    expect(saidOf(rule).join('\n')).toContain(message)
  })

  test('warns of what may not be meant', () => {
    expect(saidOf({ ...untagged, delete: { olderThan: '5m' } })).toEqual([
      expect.stringContaining('give it an hour at least'),
    ])
    expect(saidOf({ ...tags, tags: 'sha256-*', delete: 'all' })).toEqual([
      expect.stringContaining('such tags follow the manifest in their name'),
    ])
    expect(saidOf({ ...tags, keep: { newest: 3 } })).toEqual([
      'rules: nothing is ever deleted: no rule has "delete"',
    ])
  })

  test('is never read from any value with a problem, nor throws', () => {
    const word = fc.constantFrom('all', 'others', '30d', '*', '**', true, 3, null)
    const inner = fc.dictionary(
      fc.constantFrom('newest', 'olderThan', 'pulledWithin', 'pushedWithin', 'x'),
      word,
    )
    const rule = fc.dictionary(
      fc.constantFrom('repositories', 'tags', 'untagged', 'empty', 'keep', 'delete', 'name'),
      fc.oneof(word, inner, fc.array(word, { maxLength: 2 })),
    )
    const document = fc.oneof(
      fc.jsonValue(),
      fc.record({ rules: fc.array(rule, { maxLength: 3 }) }),
    )
    fc.assert(
      fc.property(document, (value) => {
        if (typeof value === 'string') return
        const { policy, problems } = parseRetention(value)
        expect(policy === null).toBe(problems.length > 0)
        const again = parseRetention(JSON.stringify(value))
        expect(again.problems).toEqual(problems)
      }),
      { numRuns: runs(500) },
    )
  })
})
