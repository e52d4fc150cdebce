import { describe, expect, test } from 'vitest'
import { accessPolicy, PolicyError, parsePolicy } from '../../src/access/index.ts'

const allowAll = { who: '*', repositories: '**', allow: 'pull' }

/** The problems of a document, as `path: message`. */
function problemsOf(document: unknown): readonly string[] {
  const text = typeof document === 'string' ? document : JSON.stringify(document)
  const { policy, problems } = parsePolicy(text)
  expect(policy === null).toBe(problems.length > 0)
  return problems.map(({ path, message }) => `${path}: ${message}`)
}

/** The warnings of a document that has no problems. */
function warningsOf(document: unknown): readonly string[] {
  const { problems, warnings } = parsePolicy(JSON.stringify(document))
  expect(problems).toEqual([])
  return warnings.map(({ path, message }) => `${path}: ${message}`)
}

/** The problems of a rule that is one of a document. */
function ruleProblems(rule: object, more: object = {}): readonly string[] {
  return problemsOf({ rules: [rule], ...more })
}

/** Callers of an issuer with a claim. */
function claim(a: string | readonly string[]): object {
  return { issuer: 'ci', claims: { a } }
}

describe('a policy that is read', () => {
  test('has its defaults', () => {
    const { policy, problems, warnings } = parsePolicy(
      JSON.stringify({
        rules: [allowAll],
        issuers: [{ name: 'corp', issuer: 'https://id.example.com', audiences: 'layerdock' }],
        quotas: [{ repositories: '**', bytes: '1.5GiB' }],
      }),
    )
    expect([problems, warnings]).toEqual([[], []])
    expect(policy?.issuers).toEqual([
      {
        name: 'corp',
        issuer: 'https://id.example.com',
        audiences: ['layerdock'],
        algorithms: ['RS256', 'ES256', 'EdDSA'],
        user: 'sub',
        claims: new Map(),
        exchange: true,
        dockerAccess: false,
        clockSkewSeconds: 60,
        sessionSeconds: 900,
      },
    ])
    expect(policy?.quotas.map(({ bytes }) => bytes)).toEqual([1.5 * 2 ** 30])
  })

  test('may begin with a byte order mark, and have 1 MiB', () => {
    const text = JSON.stringify({ rules: [allowAll] })
    expect(problemsOf(`\uFEFF${text}`)).toEqual([])
    expect(problemsOf(text.padEnd(1024 * 1024))).toEqual([])
    expect(problemsOf(text.padEnd(1024 * 1024 + 1))).toEqual([
      ': has more than 1 MiB; give groups and claims rights instead of each user',
    ])
    expect(problemsOf(`{"rules": [], "groups": {"${'ä'.repeat(600_000)}": []}}`)[0]).toContain(
      '1 MiB',
    )
  })

  test('may have long texts, and a key that only looks like another', () => {
    const escaped = '\\\\\\"'.repeat(100_000)
    expect(problemsOf(`{"rules": [], "groups": {"a": ["${escaped}"]}}`)).toEqual([
      'groups.a[0]: has more than 1024 characters',
    ])
    expect(problemsOf('{"rules": [], "groups": {"a": ["a"], "\\\\u0061": ["a\\""]}}')).toEqual([])
    expect(problemsOf('{"rules": [], "groups": {"a": ["a"], "\\u0061": ["a"]}}')).toEqual([
      'groups.a: stands twice, and only one would count',
    ])
    expect(problemsOf('['.repeat(500_000))).toHaveLength(1)
    const deep = `${'['.repeat(250_000)}${']'.repeat(250_000)}`
    expect(
      problemsOf(`{"rules": [{"who": "*", "repositories": "**", "allow": [${deep}]}]}`),
    ).toEqual(['rules[0].allow[0]: is not a text: a list'])
    expect(problemsOf(`{"rules": ${deep}}`)).toHaveLength(1)
  })

  test('is what an object in code is', () => {
    expect(() => accessPolicy({ rules: [{ who: '*', repositories: 'A', allow: 'pull' }] })).toThrow(
      PolicyError,
    )
    expect(() => accessPolicy({ rules: [{ who: '*', repositories: 'A', allow: 'pull' }] })).toThrow(
      'rules[0].repositories: "A": names of repositories are lower case: "a"',
    )
  })
})

describe('a policy is refused as a whole for', () => {
  test.each([
    ['text that is not JSON', '{"rules": [', /^: is not JSON from line 1, column 12 on$/],
    [
      'a list',
      '[]',
      ': is not an object such as {"rules": [{"who": "*", "repositories": "**", "allow": ["pull"]}]}',
    ],
    [
      'no rules',
      '{}',
      ': has no "rules", such as {"rules": [{"who": "*", "repositories": "**", "allow": ["pull"]}]}',
    ],
    ['rules that are no list', '{"rules": {}}', 'rules: is not a list: put it into [ ]'],
    [
      'an unknown section',
      '{"rules": [], "rule": 1}',
      'rule: is not known here; did you mean "rules"?',
    ],
    [
      'a section far from any',
      '{"rules": [], "$schema": ""}',
      '$schema: is not known here; there are rules, immutable, groups, issuers, quotas',
    ],
    ['a key twice', '{"rules": [], "rules": []}', 'rules: stands twice, and only one would count'],
    [
      'a key twice, further down',
      '{"rules": [{}, {"allow": ["pull"], "\\u0061llow": []}]}',
      'rules[1].allow: stands twice, and only one would count',
    ],
    [
      'a key twice behind a text with brackets',
      '{"groups": {"a\\"}": ["],{"], "b": [{}], "a\\"}": []}}',
      'groups["a\\"}"]: stands twice, and only one would count',
    ],
    [
      'a group with a prefix',
      '{"rules": [], "groups": {"a": ["user:bob"]}}',
      'groups.a[0]: a group has users as members; write the name alone: "bob"',
    ],
    [
      'a group with a wildcard',
      '{"rules": [], "groups": {"a": ["*"]}}',
      'groups.a[0]: a member is one user, without wildcards',
    ],
    [
      'a group that is no list',
      '{"rules": [], "groups": {"a": "bob"}}',
      'groups.a: is not a list: put it into [ ]',
    ],
  ])('%s', (_, document, problem) => {
    expect(problemsOf(document)).toEqual([
      typeof problem === 'string' ? problem : expect.stringMatching(problem),
    ])
  })

  test.each([
    [
      'an unknown action',
      { allow: ['puhs'] },
      'rules[0].allow[0]: "puhs" is not an action; did you mean "push"?',
    ],
    [
      'a word of other registries',
      { allow: 'read' },
      'rules[0].allow: "read" is not an action; did you mean "pull"?',
    ],
    [
      'all actions',
      { allow: ['*'] },
      'rules[0].allow[0]: "*" is not an action; list them: "pull", "push", "delete", "catalog", "admin"',
    ],
    ['a number', { allow: [1] }, 'rules[0].allow[0]: is not a text: 1'],
    ['no action', { allow: [] }, 'rules[0].allow: is empty'],
    [
      'allow and deny',
      { deny: 'pull' },
      'rules[0]: has to have one of "allow" and "deny": {"who": "*", "repositories": "**", "allow": ["pull"]}',
    ],
    [
      'an unknown key',
      { repository: 'a' },
      'rules[0].repository: is not known here; did you mean "repositories"?',
    ],
    ['no callers', { who: [] }, 'rules[0].who: is empty'],
    ['an empty caller', { who: '' }, 'rules[0].who: is empty'],
    [
      'a caller without a kind',
      { who: 'alice' },
      'rules[0].who: "alice" is not user:NAME, group:NAME, *, anonymous or {"issuer": …}; did you mean "user:alice"?',
    ],
    [
      'a misspelt caller',
      { who: ['anonymus'] },
      'rules[0].who[0]: "anonymus" is not user:NAME, group:NAME, *, anonymous or {"issuer": …}; did you mean "anonymous"?',
    ],
    [
      'a misspelt kind',
      { who: 'usr:alice' },
      'rules[0].who: "usr:alice" is not user:NAME, group:NAME, *, anonymous or {"issuer": …}; did you mean "user:alice"?',
    ],
    [
      'everyone',
      { who: 'everyone' },
      'rules[0].who: "everyone" is not user:NAME, group:NAME, *, anonymous or {"issuer": …}; "anonymous" is every caller, "*" every caller with a name',
    ],
    ['no name', { who: 'user:' }, 'rules[0].who: has no name behind user:'],
    [
      'a wildcard in a name',
      { who: 'user:ci-*' },
      'rules[0].who: a name here is one name, without wildcards; list the users in a group',
    ],
    [
      'an unknown group',
      { who: 'group:ops' },
      'rules[0].who: there is no group "ops"; list its members in "groups"',
    ],
    [
      'an unknown issuer',
      { who: { issuer: 'github' } },
      'rules[0].who.issuer: there is no issuer "github"; describe it in "issuers"',
    ],
    [
      'claims without an issuer',
      { who: [{ claims: { a: 'b' } }] },
      'rules[0].who[0]: names no "issuer"',
    ],
    [
      'an empty pattern',
      { repositories: '' },
      'rules[0].repositories: is empty; ** stands for every repository',
    ],
    ['no pattern', { repositories: [] }, 'rules[0].repositories: is empty'],
    [
      'a pattern in upper case',
      { repositories: ['Team/*'] },
      'rules[0].repositories[0]: "Team/*": names of repositories are lower case: "team/*"',
    ],
    [
      'a wildcard that is none',
      { repositories: 'a?' },
      'rules[0].repositories: "a?": no name of a repository has "?"; the only wildcards are * and **',
    ],
    [
      '** in a segment',
      { repositories: 'a**' },
      'rules[0].repositories: "a**": ** is a segment of its own; within "a**" write *',
    ],
    [
      '** twice',
      { repositories: '**/**' },
      'rules[0].repositories: "**/**": ** stands for any number of segments, so one of them is enough',
    ],
    [
      'an empty segment',
      { repositories: '/a' },
      'rules[0].repositories: "/a": has an empty segment: there is a / too many',
    ],
    [
      'a segment of no name',
      { repositories: 'a..b/*' },
      'rules[0].repositories: "a..b/*": no name of a repository has a segment like "a..b"',
    ],
    ['a long pattern', { repositories: 'a'.repeat(256) }, /no name of a repository has/],
    [
      'an unknown placeholder',
      { repositories: '{name}/*' },
      'rules[0].repositories: "{name}/*": {name} stands for nothing: write {user} or {claim.NAME}',
    ],
    [
      'an open brace',
      { repositories: '{user/*' },
      'rules[0].repositories: "{user/*": no name of a repository has "{"',
    ],
    [
      'tags with pull',
      { tags: 'v*' },
      'rules[0].tags: tags narrow push and delete alone: give pull a rule without them',
    ],
    ['a name of two lines', { name: 'a\nb' }, 'rules[0].name: has a control character'],
  ])('%s', (_, change, problem) => {
    expect(ruleProblems({ ...allowAll, ...change })).toContainEqual(
      typeof problem === 'string' ? problem : expect.stringMatching(problem),
    )
  })

  test('a tag pattern that is none', () => {
    const rule = { who: '*', repositories: '**', allow: 'push' }
    expect(ruleProblems({ ...rule, tags: ['v[0-9]'] })).toEqual([
      'rules[0].tags[0]: "v[0-9]": no tag has "["; the only wildcard is *',
    ])
    expect(ruleProblems({ ...rule, tags: '' })).toEqual([
      'rules[0].tags: is empty; * stands for every tag',
    ])
    expect(ruleProblems({ ...rule, tags: 'a'.repeat(300) })[0]).toContain('a tag has 128 at most')
  })

  test('a catalog that is denied in part', () => {
    expect(ruleProblems({ who: '*', repositories: 'secret/**', deny: 'catalog' })[0]).toContain(
      'deny pull here',
    )
    expect(problemsOf({ rules: [{ who: '*', deny: 'catalog' }, allowAll] })).toEqual([])
  })

  test('every problem at once', () => {
    expect(
      problemsOf({ rules: [{}, { who: 'x', allow: ['y'] }], quotas: [{}] }).length,
    ).toBeGreaterThan(5)
  })
})

describe('an issuer is refused for', () => {
  const right = { name: 'ci', issuer: 'https://ci.example.com', audiences: ['layerdock'] }
  const refused = (change: object): readonly string[] =>
    problemsOf({ rules: [allowAll], issuers: [{ ...right, ...change }] })

  test.each([
    [
      'http',
      { issuer: 'http://ci.example.com' },
      'issuers[0].issuer: has to be https: over http anybody on the way could make tokens',
    ],
    [
      'http on a name like this machine',
      { issuer: 'http://127.0.0.1.example.com' },
      /has to be https/,
    ],
    ['no URL', { issuer: 'ci' }, /issuers\[0\]\.issuer: is not a URL/],
    ['a secret in it', { issuer: 'https://a:b@ci.example.com' }, /leave them out/],
    ['no audience', { audiences: [] }, 'issuers[0].audiences: is empty'],
    [
      'an algorithm of shared secrets',
      { algorithms: ['HS256'] },
      /issuers\[0\]\.algorithms\[0\]: "HS256" is not one of .*: tokens are believed by public keys alone/,
    ],
    ['none', { algorithms: ['none'] }, /public keys alone/],
    ['a misspelt algorithm', { algorithms: ['RS265'] }, /did you mean "RS256"\?/],
    [
      'two places of keys',
      { keys: { url: 'https://a.example.com', file: 'a' } },
      /has to have one of "url" and "file"/,
    ],
    [
      'keys over http',
      { keys: { url: 'http://a.example.com' } },
      /issuers\[0\]\.keys\.url: has to be https/,
    ],
    ['a name with a colon', { name: 'a:b' }, /issuers\[0\]\.name: a name has letters/],
    ['the name of a login', { name: 'htpasswd' }, /means something else/],
    [
      'a text for a switch',
      { exchange: 'yes' },
      'issuers[0].exchange: is neither true nor false: "yes"',
    ],
    ['a clock that is far off', { clockSkewSeconds: 1e6 }, /from 0 to 600/],
    ['a session of years', { sessionSeconds: 1e9 }, /from 60 to 86400/],
    ['no word for dockerAccess', { dockerAccess: 'yes' }, /neither true nor false/],
    [
      'a misspelt key',
      { audience: 'x' },
      'issuers[0].audience: is not known here; did you mean "audiences"?',
    ],
    ['claims without a value', { claims: { a: [] } }, 'issuers[0].claims.a: is empty'],
    ['a secret key as claims', { claims: 1 }, /is not an object/],
  ])('%s', (_, change, problem) => {
    expect(refused(change)).toContainEqual(
      typeof problem === 'string' ? problem : expect.stringMatching(problem),
    )
  })

  test('another of the same name, or the same URL', () => {
    expect(problemsOf({ rules: [allowAll], issuers: [right, right] })).toEqual([
      'issuers[1].name: is the name of another issuer',
      'issuers[1].issuer: another entry has this issuer: make one of the two',
    ])
  })

  test.each([
    'http://localhost:5000',
    'http://127.0.0.1:9',
    'http://[::1]/x',
    'https://a.example.com/b/',
  ])('not for %s', (issuer) => expect(refused({ issuer })).toEqual([]))

  test('being open to everybody in the world, where a rule lets all of its callers in', () => {
    const github = {
      ...right,
      name: 'github',
      issuer: 'https://token.actions.githubusercontent.com',
    }
    const open = (who: unknown, claims?: object): readonly string[] =>
      problemsOf({
        rules: [{ ...allowAll, who }],
        issuers: [{ ...github, ...(claims && { claims }) }],
      })
    expect(open('*')).toEqual([
      expect.stringContaining('rules[0].who: lets in everybody in the world'),
    ])
    expect(open(['user:alice', '*'])).toHaveLength(1)
    expect(open(['user:alice', 'user:bob'])).toEqual([])
    expect(open({ issuer: 'github' })).toHaveLength(1)
    expect(open({ issuer: 'github', claims: { ref: 'refs/heads/main' } })).toHaveLength(1)
    expect(open({ issuer: 'github', claims: { repository_owner: '*' } })).toHaveLength(1)
    expect(open({ issuer: 'github', claims: { sub: 'repo:*' } })).toHaveLength(1)
    expect(open({ issuer: 'github', claims: { repository_owner: ['acme', 'a*'] } })).toHaveLength(1)
    expect(open({ issuer: 'github', claims: { sub: 'repo:acme/*' } })).toEqual([])
    expect(open({ issuer: 'github', claims: { repository_owner: 'acme' } })).toEqual([])
    expect(open('anonymous')).toEqual([])
    expect(open('*', { repository_owner: 'acme' })).toEqual([])
  })
})

describe('quotas and immutable tags are refused for', () => {
  test.each([
    [
      { repositories: '**', bytes: '10 gallons' },
      'quotas[0].bytes: "10 gallons" is not a number of bytes such as 500000, "500MiB" or "10GB"',
    ],
    [{ repositories: '**', bytes: -1 }, /is not a number of bytes/],
    [{ repositories: '**', bytes: 1e30 }, /is not a number of bytes/],
    [{ repositories: '{user}/**', bytes: 1 }, /nothing stands for the caller here/],
    [{ repositories: '**' }, /quotas\[0\]: has no "bytes"/],
  ])('%j', (quota, problem) => {
    expect(problemsOf({ rules: [allowAll], quotas: [quota] })).toEqual([
      typeof problem === 'string' ? problem : expect.stringMatching(problem),
    ])
  })

  test('unknown exceptions and missing parts', () => {
    expect(
      problemsOf({
        rules: [allowAll],
        immutable: [{ repositories: '**', tags: '*', except: 'bob' }, { tags: '*' }],
      }),
    ).toEqual([
      expect.stringContaining('immutable[0].except: "bob" is not'),
      'immutable[1]: has no "repositories": {"repositories": "**", "tags": "semver"}',
    ])
  })
})

describe('a policy is right, with a warning, where', () => {
  const push = { who: '*', repositories: '**', allow: 'push' }

  test.each([
    [
      'callers without a name may push',
      [{ ...push, who: 'anonymous' }],
      'rules[0]: lets everybody who reaches the registry push, without a name',
    ],
    ['nobody may do anything', [], 'rules: is empty, so that nobody may do anything'],
    [
      'a rule is never reached',
      [push, { ...push, who: 'user:bob', name: 'bob' }],
      'rules[1]: never decides: rules[0] comes first; move it up, or remove it',
    ],
    [
      'two rules hide a third',
      [
        { ...push, repositories: 'a/**' },
        { ...push, repositories: 'b/**' },
        { ...push, repositories: ['a/x', 'b/y/**'] },
      ],
      'rules[2]: never decides: rules[0] and rules[1] come first; move it up, or remove it',
    ],
    ['a placeholder runs on', [{ ...push, repositories: '{user}-*' }], null],
    [
      'a placeholder meets a wildcard',
      [{ ...push, repositories: '{user}*' }],
      'rules[0].repositories: "{user}*" also matches what is of other callers, whose {user} begins alike: put a / behind {user}',
    ],
    [
      'a claim has several segments',
      [{ ...push, repositories: '{claim.repository}/**' }],
      'rules[0].repositories: "{claim.repository}/**": a repository with a / in it matches nothing: write {claim.repository:path}',
    ],
    [
      'a user is of no issuer',
      [{ ...push, who: 'user:gh:x' }],
      `rules[0].who: "gh:x" is nobody's name: there is no issuer "gh"`,
    ],
  ])('%s', (_, rules, warning) => {
    expect(warningsOf({ rules })).toEqual(warning === null ? [] : [warning])
  })

  test('groups have no use, and tags do not exist', () => {
    expect(
      warningsOf({
        rules: [allowAll],
        groups: { a: [] },
        immutable: [{ repositories: '**', tags: ['.x', 'a'.repeat(129), '*', 'semver'] }],
        quotas: [
          { repositories: 'a/**', bytes: 1 },
          { repositories: 'a/b', bytes: 2 },
        ],
      }),
    ).toEqual([
      'groups: "a" has no members',
      'groups: "a" is in no rule',
      'immutable[0].tags: ".x" matches no tag that there can be',
      `immutable[0].tags: "${'a'.repeat(129)}" matches no tag that there can be`,
      'quotas[1]: never counts: an earlier quota matches first',
    ])
  })

  test('a rule that denies what is allowed before is a problem', () => {
    expect(
      problemsOf({
        rules: [push, { who: 'user:bob', repositories: 'a/*', deny: 'push', tags: 'x' }],
      }),
    ).toEqual(['rules[1]: denies nothing: rules[0] comes first and allows it; move it up'])
    expect(
      problemsOf({
        rules: [
          { ...push, tags: 'v*' },
          { ...push, allow: undefined, deny: 'push', tags: 'v*' },
        ],
      }),
    ).toEqual(['rules[1]: denies nothing: rules[0] comes first and allows it; move it up'])
    expect(
      problemsOf({
        rules: [
          { ...push, tags: 'v*' },
          { ...push, allow: undefined, deny: 'push' },
        ],
      }),
    ).toEqual([])
  })

  test.each([
    ['a member of the group', 'group:g', 'user:a', true],
    ['another user', 'group:g', 'user:b', false],
    ['the same group', 'group:g', 'group:g', true],
    ['another group', 'group:g', 'group:h', false],
    ['a user, not a group', 'user:a', 'group:g', false],
    ['a caller with a name', 'anonymous', '*', true],
    ['every caller', '*', 'anonymous', false],
    ['callers of an issuer', '*', { issuer: 'ci' }, true],
    ['a narrower claim', { issuer: 'ci' }, { issuer: 'ci', claims: { a: 'b' } }, true],
    ['a wider claim', { issuer: 'ci', claims: { a: 'b' } }, { issuer: 'ci' }, false],
    ['a value', claim('b*'), claim('bc'), true],
    ['another value', claim('b*'), claim('ac'), false],
    ['a pattern', claim('b*'), claim('b*c'), false],
    ['one of two values', claim('b'), claim(['b', 'c']), false],
    ['both of two values', claim(['b', 'c']), claim(['b', 'c']), true],
    ['another issuer', { issuer: 'ci' }, { issuer: 'id' }, false],
    ['a user', { issuer: 'ci' }, 'user:a', false],
  ])('a rule is never reached: %s', (_, first, second, isHidden) => {
    const issuer = (name: string) => ({
      name,
      issuer: `https://${name}.example.com`,
      audiences: 'x',
    })
    const rule = { repositories: '**', allow: 'pull' }
    const { problems, warnings } = parsePolicy({
      groups: { g: ['a'], h: ['c'] },
      issuers: [issuer('ci'), issuer('id')],
      rules: [
        { ...rule, who: first },
        { ...rule, who: second },
      ],
    })
    expect(problems).toEqual([])
    expect(warnings.some(({ message }) => message.startsWith('never decides'))).toBe(isHidden)
  })

  test.each([
    ['a name', 'a/b', 'a/b', true],
    ['a name below', 'a/**', 'a/b', true],
    ['the name above', 'a/**', 'a', false],
    ['a pattern below', 'a/**', 'a/b/*', true],
    ['a pattern beside', 'a/**', 'ab/*', false],
    ['a placeholder below', 'a/**', 'a/{user}', true],
    ['a placeholder above', '{user}/**', 'a/**', false],
    ['the same placeholder', '{user}/**', '{user}/**', true],
    ['a name that fits', '*/b', 'a/b', true],
  ])('a rule is never reached: %s', (_, first, second, isHidden) => {
    const rule = { who: '*', allow: 'pull' } as const
    const warnings = warningsOf({
      rules: [
        { ...rule, repositories: first },
        { ...rule, repositories: second },
      ],
    })
    expect(warnings.some((text) => text.includes('never decides'))).toBe(isHidden)
  })

  test.each([
    ['all tags', undefined, ['v*'], 'allow', true],
    ['the same tags', ['v*', 'w*'], ['v*'], 'allow', true],
    ['other tags', ['v*'], ['w*'], 'allow', false],
    ['what has no tags', ['v*'], undefined, 'allow', false],
    ['a denial of the same tags', ['v*'], ['v*'], 'deny', true],
    ['a denial of all', ['v*'], undefined, 'deny', false],
  ])('a rule is never reached: %s', (_, first, second, effect, isHidden) => {
    const rule = { who: '*', repositories: '**' }
    const { problems, warnings } = parsePolicy({
      rules: [
        { ...rule, allow: 'push', tags: first },
        { ...rule, [effect]: 'push', tags: second },
      ],
    })
    const said = [...problems, ...warnings].some(({ path }) => path === 'rules[1]')
    expect(said).toBe(isHidden)
  })

  test('an unknown group is right where logins know of groups', () => {
    const document = { rules: [{ ...allowAll, who: 'group:opz' }], groups: { ops: ['a'] } }
    expect(parsePolicy(document).problems.map(({ message }) => message)).toEqual([
      'there is no group "opz"; did you mean "ops"?',
    ])
    const { policy, warnings } = parsePolicy(document, { loginGroups: true })
    expect(policy).not.toBeNull()
    expect(warnings.map(({ message }) => message)).toContain(
      'the group is not in "groups"; did you mean "ops"?',
    )
  })
})

test('a policy of thousands of rules is read, and said not to be looked at as a whole', () => {
  const rules = Array.from({ length: 3000 }, (_, index) => ({
    who: `user:u${index}`,
    repositories: `u${index}/*`,
    allow: 'pull',
  }))
  expect(warningsOf({ rules })).toEqual([
    'rules[2000]: and those below were not looked at for rules that never decide',
  ])
})
