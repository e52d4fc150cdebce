import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CliError } from '../../adapters/cli/exit.ts'
import { policyCommand } from '../../adapters/cli/policy-command.ts'
import { useProgram } from './harness.ts'

const cli = useProgram()

const document = {
  groups: { developers: ['alice'] },
  issuers: [
    {
      name: 'github',
      issuer: 'https://token.actions.githubusercontent.com',
      audiences: ['registry.example.com'],
    },
  ],
  rules: [
    {
      name: 'latest',
      who: 'group:developers',
      repositories: 'team/**',
      deny: 'push',
      tags: 'latest',
    },
    { name: 'team', who: 'group:developers', repositories: 'team/**', allow: ['pull', 'push'] },
    {
      name: 'ci',
      who: { issuer: 'github', claims: { repository_owner: 'acme' } },
      repositories: '{claim.repository:path:lower}/**',
      allow: ['pull', 'push'],
    },
    { name: 'public', who: 'anonymous', repositories: 'public/**', allow: 'pull' },
  ],
  immutable: [{ repositories: '**', tags: 'semver' }],
}

function fileOf(content: unknown): string {
  const path = join(cli.folder(), 'policy.json')
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

describe('layerdock policy check', () => {
  test('prints a summary, as text and as JSON', async () => {
    const path = fileOf(document)
    expect(await cli.run('policy', 'check', path)).toEqual({
      code: 0,
      out: `${path}: the policy is right: 4 rules, 1 group, 1 issuer, 1 for immutable tags, 0 warnings\n`,
      err: '',
    })
    const { code, out } = await cli.run('policy', 'check', '--json', path)
    expect([code, JSON.parse(out)]).toMatchObject([
      0,
      {
        ok: true,
        problems: [],
        summary: { issuers: ['github'], groups: [{ name: 'developers', members: 1 }] },
      },
    ])
  })

  test('prints each problem on a line, and warnings', async () => {
    const path = fileOf({
      groups: { a: [] },
      rules: [
        { who: '*', repositories: ['**', 'A'], allow: ['puhs'] },
        { who: 'bob', repositories: '**', allow: 'pull' },
      ],
    })
    const { code, out, err } = await cli.run('policy', 'check', path)
    expect([code, out]).toEqual([1, ''])
    expect(err.split('\n')).toEqual([
      `${path}: rules[0].allow[0]: "puhs" is not an action; did you mean "push"?`,
      `${path}: rules[0].repositories[1]: "A": names of repositories are lower case: "a"`,
      `${path}: rules[1].who: "bob" is not user:NAME, group:NAME, *, anonymous or {"issuer": …}; did you mean "user:bob"?`,
      '',
    ])
    const json = await cli.run('policy', 'check', '--json', path)
    expect([json.code, JSON.parse(json.out)]).toMatchObject([
      1,
      { ok: false, summary: null, problems: [{ path: 'rules[0].allow[0]' }, {}, {}] },
    ])
    const open = fileOf({ rules: [{ who: 'anonymous', repositories: '**', allow: 'push' }] })
    expect(await cli.run('policy', 'check', open)).toMatchObject({
      code: 0,
      out: expect.stringContaining('1 warning\n'),
      err: `warning: ${open}: rules[0]: lets everybody who reaches the registry push, without a name\n`,
    })
  })

  test('knows no groups but those of the policy, unless logins do', async () => {
    const path = fileOf({ rules: [{ who: 'group:ops', repositories: '**', allow: 'pull' }] })
    expect((await cli.run('policy', 'check', path)).code).toBe(1)
    expect((await cli.run('policy', 'check', '--login-groups', path)).code).toBe(0)
  })

  test('refuses a file that is not there, that is too large, or that anyone may change', async () => {
    expect(await cli.run('policy', 'check', '/no/such/file')).toEqual({
      code: 78,
      out: '',
      err: 'layerdock: /no/such/file: there is no such file\n',
    })
    expect((await cli.run('policy', 'check', fileOf(' '.repeat(2 ** 20 + 1)))).err).toContain(
      'has more than 1 MiB',
    )
    const path = fileOf(document)
    chmodSync(path, 0o666)
    expect(await cli.run('policy', 'check', path)).toMatchObject({
      code: 78,
      err: expect.stringContaining('chmod o-w'),
    })
  })
})

describe('layerdock policy explain', () => {
  test('says which rule decides, and why the others do not', async () => {
    const path = fileOf(document)
    const explain = (...words: readonly string[]) =>
      cli.run('policy', 'explain', ...words, '--policy', path)
    expect(await explain('alice', 'push', 'team/app:v1')).toEqual({
      code: 0,
      out: [
        'alice: push team/app:v1: allowed, by rules[1] "team"',
        '  rules[0] "latest"  is about the tags latest',
        '  rules[1] "team"    allows it',
        '',
      ].join('\n'),
      err: '',
    })
    expect(await explain('alice', 'push', 'team/app:latest')).toMatchObject({
      code: 1,
      out: expect.stringContaining('refused, by rules[0] "latest"'),
    })
    expect(await explain('anonymous', 'push', 'team/app')).toMatchObject({
      code: 1,
      out: expect.stringContaining(
        'a caller without a name: push team/app: refused until the caller logs in, by no rule',
      ),
    })
    const job = [
      '--issuer',
      'github',
      '--claim',
      'repository_owner=acme',
      '--claim',
      'repository=Acme/App',
    ]
    expect(await explain('repo:acme/app', 'push', 'acme/app/web:1.2.3', ...job)).toMatchObject({
      code: 0,
      out: expect.stringContaining('the tag 1.2.3 is immutable: it may be made'),
    })
    const { code, out } = await explain('anonymous', 'catalog', '--json')
    expect([code, JSON.parse(out)]).toMatchObject([
      0,
      { decision: 'allow', rule: 'rules[3] "public"' },
    ])
  })

  test('says what is wrong with its words', async () => {
    const path = fileOf(document)
    const refused = async (...words: readonly string[]): Promise<string> => {
      const error: unknown = await policyCommand(words).catch((thrown: unknown) => thrown)
      if (!(error instanceof CliError)) throw new Error('it was accepted')
      expect(error.exitCode).toBe(2)
      return error.message
    }
    const of = (...words: readonly string[]) => refused('explain', ...words, '--policy', path)
    expect(await refused()).toContain('layerdock policy check or explain')
    expect(await refused('chek')).toContain('did you mean layerdock policy check?')
    expect(await refused('check')).toContain('FILE is missing: layerdock policy check FILE')
    expect(await refused('check', path, 'more')).toContain('more: not expected here')
    expect(await refused('explain', 'alice', 'pull', 'a')).toContain('which policy? --policy FILE')
    expect(await refused('explain', '--polcy', path)).toContain('did you mean --policy?')
    expect(await of('alice', 'puhs', 'a')).toContain('did you mean "push"?')
    expect(await of('alice', 'pull')).toContain('REPOSITORY is missing')
    expect(await of('alice', 'pull', 'Team/app')).toContain('names are lower case: team/app')
    expect(await of('alice', 'pull', 'app:-')).toContain('-: is not a tag')
    expect(await of('alice', 'pull', 'app', '--issuer', 'githb')).toContain('did you mean github?')
    expect(await of('alice', 'pull', 'app', '--claim', 'a=b')).toContain(
      '--claim: whose claims are these? --issuer github',
    )
    expect(await of('anonymous', 'pull', 'app', '--group', 'a')).toContain('has no groups')
  })

  test('explains nothing by a policy that has problems', async () => {
    expect(
      await cli.run('policy', 'explain', 'a', 'pull', 'a', '--policy', fileOf('{}')),
    ).toMatchObject({
      code: 78,
      err: expect.stringContaining('has no "rules"'),
    })
  })
})

test('layerdock policy has help', async () => {
  for (const words of [
    ['policy', '--help'],
    ['help', 'policy'],
    ['policy', 'explain', '-h'],
  ]) {
    const { code, out } = await cli.run(...words)
    expect(code).toBe(0)
    expect(out).toContain('layerdock policy check FILE')
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
  }
})
