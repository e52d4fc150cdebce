import { describe, expect, test } from 'vitest'
import {
  accessPolicy,
  compilePolicy,
  type PolicyDocument,
  PolicyError,
  parsePolicy,
  type ReadPolicy,
  signedInMayAll,
} from '../../src/access/index.ts'
import type { Principal } from '../../src/index.ts'
import { ask, caller, tag } from './policy-names.ts'

const alice = caller('alice')
const bob = caller('bob')

const document: PolicyDocument = {
  groups: { ops: ['olga'] },
  rules: [
    {
      name: 'ops',
      who: 'group:ops',
      repositories: '**',
      allow: ['pull', 'push', 'delete', 'admin'],
    },
    { name: 'secret', who: '*', repositories: 'secret/**', deny: ['pull', 'push', 'delete'] },
    { name: 'own', who: '*', repositories: 'users/{user}/**', allow: ['pull', 'push', 'delete'] },
    { name: 'latest', who: '*', repositories: 'team/**', deny: 'push', tags: 'latest' },
    {
      name: 'team',
      who: ['user:alice', 'user:bob'],
      repositories: 'team/**',
      allow: ['pull', 'push'],
    },
    { name: 'public', who: 'anonymous', repositories: 'public/**', allow: 'pull' },
  ],
}

describe('accessPolicy', () => {
  const policy = accessPolicy(document)

  test.each([
    ['alice pulls from the team', alice, ask('pull', 'team/app'), 'allow', 'rules[4] "team"'],
    ['alice pulls by tag', alice, ask('pull', 'team/app', 'latest'), 'allow', 'rules[4] "team"'],
    ['carol does not', caller('carol'), ask('pull', 'team/app'), 'deny', 'no rule'],
    ['alice pushes a tag', alice, ask('push', 'team/app', 'v1'), 'allow', 'rules[4] "team"'],
    [
      'alice does not push latest',
      alice,
      ask('push', 'team/app', 'latest'),
      'deny',
      'rules[3] "latest"',
    ],
    ['alice uploads', alice, ask('push', 'team/app'), 'allow', 'rules[4] "team"'],
    [
      'alice pushes by digest',
      alice,
      ask('push', 'team/app', 'digest'),
      'allow',
      'rules[4] "team"',
    ],
    ['alice does not delete', alice, ask('delete', 'team/app', 'v1'), 'deny', 'no rule'],
    ['the team is below team/', alice, ask('pull', 'team'), 'deny', 'no rule'],
    ['alice has her own', alice, ask('push', 'users/alice/a/b'), 'allow', 'rules[2] "own"'],
    ['bob has not', bob, ask('push', 'users/alice/a/b'), 'deny', 'no rule'],
    ['nobody reads secrets', alice, ask('pull', 'secret/a'), 'deny', 'rules[1] "secret"'],
    ['but ops do', caller('olga'), ask('pull', 'secret/a'), 'allow', 'rules[0] "ops"'],
    ['ops administer the registry', caller('olga'), ask('admin', null), 'allow', 'rules[0] "ops"'],
    ['alice does not', alice, ask('admin', null), 'deny', 'no rule'],
    ['public things are public', null, ask('pull', 'public/a'), 'allow', 'rules[5] "public"'],
    ['alice too', alice, ask('pull', 'public/a'), 'allow', 'rules[5] "public"'],
    ['a push has to be logged in for', null, ask('push', 'public/a'), 'login', 'no rule'],
    ['the catalog comes with a pull', null, ask('catalog', null), 'allow', 'rules[5] "public"'],
  ] as const)('%s', (_, who, asked, decision, rule) => {
    for (let again = 0; again < 2; again += 1) {
      expect(policy.decide(who, asked)).toMatchObject({ decision, rule })
    }
  })

  test('says what the caller may not do', () => {
    expect(policy.decide(alice, ask('delete', 'team/app', 'v1')).message).toBe(
      'alice may not delete the tag v1 in team/app',
    )
    expect(policy.decide(alice, ask('delete', 'team/app', 'v2')).message).toBe(
      'alice may not delete the tag v2 in team/app',
    )
    expect(policy.decide(alice, ask('delete', 'team/app')).message).toBe(
      'alice may not delete in team/app',
    )
    expect(policy.decide(alice, ask('push', 'x', 'v1')).message).toBe(
      'alice may not push the tag v1 to x',
    )
    expect(policy.decide(alice, ask('push', 'x', 'v2')).message).toBe(
      'alice may not push the tag v2 to x',
    )
    expect(policy.decide(alice, ask('pull', 'x', 'v2')).message).toBe('alice may not pull from x')
    expect(policy.decide(alice, ask('admin', 'x')).message).toBe('alice may not administer x')
    expect(policy.decide(alice, ask('admin', null)).message).toBe(
      'alice may not administer the registry',
    )
    expect(policy.decide(null, ask('push', 'public/a')).message).toBeUndefined()
  })

  test('tells 403 from 401 for callers without a name', () => {
    const closed = accessPolicy({
      rules: [
        { who: '*', repositories: 'a/**', allow: 'pull' },
        { who: 'anonymous', repositories: 'a/b', deny: 'pull' },
        { who: 'anonymous', repositories: 'c', deny: 'pull' },
        { who: '*', repositories: '{user}/**', allow: 'push' },
        { who: '*', repositories: 'p/{claim.p:path}', allow: 'delete' },
      ],
    })
    expect(closed.decide(null, ask('delete', 'p/x/y')).decision).toBe('login')
    expect(closed.isPublic).toBe(false)
    expect(closed.decide(null, ask('pull', 'a/b')).decision).toBe('login')
    expect(closed.decide(null, ask('pull', 'c')).decision).toBe('deny')
    expect(closed.decide(null, ask('push', 'x/y')).decision).toBe('login')
    expect(closed.decide(null, ask('push', 'x')).decision).toBe('deny')
    expect(closed.decide(null, ask('admin', 'a/b')).decision).toBe('deny')
    expect(closed.decide(null, ask('catalog', null)).decision).toBe('login')
  })
})

test('nobody is asked to log in for what is denied to everyone', () => {
  const policy = accessPolicy({
    rules: [
      { who: ['user:x', 'anonymous'], repositories: 'c', deny: 'pull' },
      { who: '*', repositories: '**', allow: 'pull' },
    ],
  })
  expect(policy.decide(null, ask('pull', 'c')).decision).toBe('deny')
  expect(policy.decide(null, ask('pull', 'd')).decision).toBe('login')
})

describe('immutable tags', () => {
  const policy = accessPolicy({
    rules: [{ who: '*', repositories: '**', allow: ['pull', 'push', 'delete'] }],
    immutable: [{ repositories: 'app/**', tags: ['semver', 'stable-*'], except: 'user:olga' }],
  })

  test('may be pushed, and the store is told that they stay', () => {
    const { decision, isImmutable } = policy.decide(alice, ask('push', 'app/a', 'v1.2.3'))
    expect(decision).toBe('allow')
    expect(['1.2.3', 'v1.2.3-rc.1', 'stable-2'].map((text) => isImmutable?.(tag(text)))).toEqual([
      true,
      true,
      true,
    ])
    expect(['latest', '1.2', '1.2.03', 'v1.2.3.4'].map((text) => isImmutable?.(tag(text)))).toEqual(
      [false, false, false, false],
    )
  })

  test('are not deleted, alone or with their manifest or repository', () => {
    expect(policy.decide(alice, ask('delete', 'app/a', 'v1.2.3'))).toMatchObject({
      decision: 'deny',
      rule: 'immutable[0]',
      message: 'the tag v1.2.3 is immutable: it is neither moved nor deleted',
    })
    expect(policy.decide(alice, ask('delete', 'app/a', 'latest')).decision).toBe('allow')
    const { decision, isImmutable } = policy.decide(alice, ask('delete', 'app/a', 'digest'))
    expect([decision, isImmutable?.(tag('v1.2.3')), isImmutable?.(tag('x'))]).toEqual([
      'allow',
      true,
      false,
    ])
    expect(policy.decide(alice, ask('delete', 'app/a')).decision).toBe('deny')
  })

  test('cost nothing elsewhere, and for those who are excepted', () => {
    expect(policy.decide(alice, ask('push', 'other', 'v1.2.3')).isImmutable).toBeUndefined()
    expect(policy.decide(alice, ask('delete', 'other')).decision).toBe('allow')
    const olga = caller('olga')
    expect(policy.decide(olga, ask('push', 'app/a', 'v1.2.3')).isImmutable).toBeUndefined()
    expect(policy.decide(olga, ask('delete', 'app/a')).decision).toBe('allow')
  })
})

describe('rules with tags', () => {
  test('a tag that may not be deleted does not go with its manifest or repository', () => {
    const policy = accessPolicy({
      rules: [
        { who: '*', repositories: '**', deny: 'delete', tags: 'prod-*' },
        { who: '*', repositories: '**', allow: 'delete' },
      ],
    })
    const { decision, isImmutable } = policy.decide(alice, ask('delete', 'a', 'digest'))
    expect([decision, isImmutable?.(tag('prod-1')), isImmutable?.(tag('dev'))]).toEqual([
      'allow',
      true,
      false,
    ])
    expect(policy.decide(alice, ask('delete', 'a')).decision).toBe('deny')
    expect(policy.decide(alice, ask('delete', 'a', 'dev')).decision).toBe('allow')
  })

  test('a permission for tags covers uploads and pushes by digest, and no deletion by digest', () => {
    const policy = accessPolicy({
      rules: [{ who: '*', repositories: 'a', allow: ['push', 'delete'], tags: 'dev-*' }],
    })
    const decided = (action: 'push' | 'delete', reference: string | null): string =>
      policy.decide(alice, ask(action, 'a', reference)).decision
    expect(['dev-1', 'prod', null, 'digest'].map((each) => decided('push', each))).toEqual([
      'allow',
      'deny',
      'allow',
      'allow',
    ])
    expect(['dev-1', 'prod', null, 'digest'].map((each) => decided('delete', each))).toEqual([
      'allow',
      'deny',
      'deny',
      'deny',
    ])
  })
})

describe('the catalog', () => {
  const scopeOf = (rules: PolicyDocument['rules']): unknown =>
    accessPolicy({ rules }).catalog(alice)

  test('is a scope where names and prefixes say it', () => {
    expect(
      scopeOf([{ who: '*', repositories: ['a', 'b/**', 'u/{user}/**'], allow: 'pull' }]),
    ).toEqual({
      names: ['a'],
      prefixes: ['b/', 'u/alice/'],
    })
    expect(scopeOf([{ who: '*', repositories: '**', allow: 'pull' }])).toBe('all')
    expect(scopeOf([{ who: '*', repositories: '**', allow: 'push' }])).toEqual({
      names: [],
      prefixes: [],
    })
    expect(scopeOf([{ who: '*', repositories: 'a*', allow: 'pull' }])).toBeUndefined()
  })

  test('asks for each name where something is denied before', () => {
    const deny = { who: '*', repositories: 'b/x/**', deny: 'pull' } as const
    const allow = { who: '*', repositories: 'b/**', allow: 'pull' } as const
    expect(scopeOf([deny, allow])).toBeUndefined()
    expect(scopeOf([{ ...deny, repositories: 'b' }, allow])).toEqual({
      names: [],
      prefixes: ['b/'],
    })
    const wild = { ...deny, repositories: 'b*/x' }
    expect(scopeOf([wild, { ...allow, repositories: 'bc/**' }])).toBeUndefined()
    expect(scopeOf([wild, { ...allow, repositories: 'c/**' }])).toEqual({
      names: [],
      prefixes: ['c/'],
    })
    expect(scopeOf([allow, { ...deny, deny: ['pull', 'push'] }])).toEqual({
      names: [],
      prefixes: ['b/'],
    })
    expect(scopeOf([deny, { ...allow, repositories: ['c/**', 'b/x/y'] }])).toEqual({
      names: [],
      prefixes: ['c/'],
    })
  })

  test('is for those who may pull anything, unless it is denied', () => {
    const pull = { who: '*', repositories: 'a', allow: 'pull' } as const
    const catalog = ask('catalog', null)
    expect(accessPolicy({ rules: [pull] }).decide(alice, catalog).decision).toBe('allow')
    const byClaim = accessPolicy({ rules: [{ ...pull, repositories: '{claim.team}' }] })
    expect(byClaim.decide(alice, catalog).decision).toBe('deny')
    expect(
      accessPolicy({ rules: [{ who: '*', deny: 'catalog' }, pull] }).decide(alice, catalog),
    ).toMatchObject({
      decision: 'deny',
      message: 'alice may not list the repositories',
    })
    expect(
      accessPolicy({ rules: [{ ...pull, who: 'user:bob' }] }).decide(alice, catalog).decision,
    ).toBe('deny')
  })
})

describe('issuers', () => {
  const policy = accessPolicy({
    issuers: [
      {
        name: 'ci',
        issuer: 'https://ci.example.com',
        audiences: ['layerdock'],
        claims: { owner: 'acme' },
      },
    ],
    rules: [
      {
        who: { issuer: 'ci', claims: { ref: 'refs/heads/*' } },
        repositories: '{claim.repo:path:lower}/**',
        allow: 'push',
      },
      { who: { issuer: 'ci' }, repositories: '{claim.team}', allow: 'pull' },
    ],
  })
  const job = (claims: Readonly<Record<string, unknown>>, issuer = 'ci') =>
    caller('ci:job', { issuer, claims })

  test('callers are told by their claims', () => {
    const claims = { owner: 'acme', ref: 'refs/heads/main', repo: 'Acme/App', team: 'a/b' }
    const push = ask('push', 'acme/app/web')
    expect(policy.decide(job(claims), push).decision).toBe('allow')
    expect(policy.decide(job({ ...claims, ref: 'refs/tags/v1' }), push).decision).toBe('deny')
    expect(policy.decide(job({ ...claims, owner: 'evil' }), push).decision).toBe('deny')
    expect(policy.decide(job(claims, 'other'), push).decision).toBe('deny')
    expect(policy.decide(job(claims), ask('pull', 'a/b')).decision).toBe('deny')
    expect(policy.decide(job({ ...claims, team: 'x' }), ask('pull', 'x')).decision).toBe('allow')
  })
})

describe('signedInMayAll', () => {
  test('is for callers with a name, and opens pulls where it is told to', () => {
    const closed = signedInMayAll()
    const open = signedInMayAll({ anonymousPull: true })
    expect([closed.isPublic, open.isPublic]).toEqual([false, true])
    for (const policy of [closed, open]) {
      for (const asked of [
        ask('push', 'a', 'x'),
        ask('delete', 'a'),
        ask('admin', null),
        ask('catalog', null),
      ]) {
        expect(policy.decide(alice, asked).decision).toBe('allow')
      }
      expect(policy.catalog(alice)).toBe('all')
      expect(policy.decide(null, ask('push', 'a')).decision).toBe('login')
    }
    expect(closed.decide(null, ask('pull', 'a')).decision).toBe('login')
    expect(closed.decide(null, ask('catalog', null)).decision).toBe('login')
    expect(open.decide(null, ask('pull', 'a')).decision).toBe('allow')
    expect(open.decide(null, ask('catalog', null)).decision).toBe('allow')
    expect(open.catalog(null)).toBe('all')
  })
})

describe('names that objects have by themselves', () => {
  const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty']

  test('are names of users, groups and claims like others', () => {
    const policy = compilePolicy(
      parsed(`{
        "groups": {"__proto__": ["constructor"], "constructor": ["toString"]},
        "issuers": [{"name": "ci", "issuer": "https://ci.example.com", "audiences": ["a"]}],
        "rules": [
          {"who": "user:__proto__", "repositories": "user", "allow": "pull"},
          {"who": "group:__proto__", "repositories": "proto", "allow": "pull"},
          {"who": "group:constructor", "repositories": "group", "allow": "pull"},
          {"who": {"issuer": "ci", "claims": {"__proto__": "x", "constructor": "*"}}, "repositories": "claim", "allow": "pull"},
          {"who": "*", "repositories": "{user}/{claim.constructor}", "allow": "pull"}
        ]
      }`),
    )
    const mayPull = (who: Principal, name: string): boolean =>
      policy.decide(who, ask('pull', name)).decision === 'allow'
    expect(names.filter((name) => mayPull(caller(name), 'user'))).toEqual(['__proto__'])
    expect(names.filter((name) => mayPull(caller(name), 'proto'))).toEqual(['constructor'])
    expect(names.filter((name) => mayPull(caller(name), 'group'))).toEqual(['toString'])
    const job = (claims: string) => caller('ci:x', { issuer: 'ci', claims: JSON.parse(claims) })
    expect(mayPull(job('{}'), 'claim')).toBe(false)
    expect(mayPull(job('{"__proto__": "x"}'), 'claim')).toBe(false)
    expect(mayPull(job('{"__proto__": "x", "constructor": "y"}'), 'claim')).toBe(true)
    expect(mayPull(caller('constructor'), 'constructor/object')).toBe(false)
    const named = caller('constructor', { claims: { constructor: 'object' } })
    expect(mayPull(named, 'constructor/object')).toBe(true)
  })

  test('a list of groups in a token is no right to a group that the policy lists', () => {
    const policy = compilePolicy(
      parsed(
        '{"groups": {"ops": ["olga"]}, "rules": [{"who": ["group:ops", "group:dev"], "repositories": "a", "allow": "pull"}]}',
      ),
    )
    const mayPull = (who: Principal) => policy.decide(who, ask('pull', 'a')).decision
    expect(mayPull(caller('eve', { groups: ['ops'] }))).toBe('deny')
    expect(mayPull(caller('eve', { groups: ['dev'] }))).toBe('allow')
    expect(mayPull(caller('eve', { groups: 'dev' }))).toBe('deny')
    expect(mayPull({ id: 'eve' })).toBe('deny')
  })
})

describe('the longest names', () => {
  const long = 'a'.repeat(120)
  const longest = `${long}/${'b'.repeat(134)}`

  test('are matched', () => {
    expect(longest).toHaveLength(255)
    const policy = accessPolicy({
      rules: [
        { who: '*', repositories: `${long}/*`, allow: 'pull' },
        { who: '*', repositories: '{user}/{user}/**', allow: 'push' },
        { who: '*', repositories: 'x', allow: 'push', tags: `*${'t'.repeat(127)}` },
      ],
    })
    expect(policy.decide(alice, ask('pull', longest)).decision).toBe('allow')
    const user = caller(long)
    expect(policy.decide(user, ask('push', `${long}/${long}/x`)).decision).toBe('allow')
    expect(policy.decide(caller('b'.repeat(300)), ask('push', longest)).decision).toBe('deny')
    expect(policy.decide(alice, ask('push', 'x', `a${'t'.repeat(127)}`)).decision).toBe('allow')
    expect(policy.decide(alice, ask('push', 'x', 't'.repeat(126))).decision).toBe('deny')
  })
})

describe('what is remembered', () => {
  test('does not change a decision, however many names are asked for', () => {
    const policy = accessPolicy({
      rules: [
        { who: 'user:alice', repositories: 'a/**', allow: ['pull', 'push'] },
        { who: 'anonymous', repositories: '*/b*', allow: ['pull'] },
      ],
    })
    const decided = (): string =>
      Array.from({ length: 6000 }, (_, index) => {
        const name = `${index % 2 === 0 ? 'a' : 'c'}/${index % 3 === 0 ? 'b' : 'd'}${index}`
        return [alice, bob, null].flatMap((who) => [
          policy.decide(who, ask('pull', name)).decision[0],
          policy.decide(who, ask('push', name)).decision[0],
        ])
      })
        .flat()
        .join('')
    const first = decided()
    expect(first.startsWith('aaadal')).toBe(true)
    expect(decided()).toBe(first)
  })
})

function parsed(text: string): ReadPolicy {
  const { policy, problems } = parsePolicy(text, { loginGroups: true })
  if (policy === null) throw new PolicyError(problems)
  return policy
}
