import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { clientOf } from '../promises/client.ts'
import { describeEverywhere, useProgram } from './harness.ts'
import { entries } from './program.ts'

const everything = { repositories: '**', tags: '*' }

function policyFile(folder: string, rules: readonly object[]): string {
  const path = join(folder, 'retention.json')
  writeFileSync(path, JSON.stringify({ rules }), { mode: 0o600 })
  return path
}

async function tagsOf(url: string): Promise<readonly string[]> {
  const answer = await fetch(`${url}/v2/team/app/tags/list`)
  return ((await answer.json()) as { readonly tags: readonly string[] }).tags
}

describeEverywhere('layerdock retention on %s', (runtime) => {
  const cli = useProgram(runtime)

  test('explains, tries and runs, with a server and without', async ({ expect }) => {
    const folder = cli.folder()
    const policy = policyFile(cli.folder(), [
      { ...everything, tags: 'latest', keep: 'all' },
      { name: 'old', ...everything, delete: 'all' },
    ])
    const access = join(cli.folder(), 'policy.json')
    const immutable = [{ repositories: '**', tags: 'semver' }]
    const rules = [{ who: 'anonymous', repositories: '**', allow: ['pull', 'push'] }]
    writeFileSync(access, JSON.stringify({ rules, immutable }), { mode: 0o600 })
    const where = ['--storage-dir', folder, '--retention', policy, '--policy', access]
    const server = await cli.serve('--storage-dir', folder)
    const client = clientOf(server.url)
    for (const tag of ['v1.0.0', 'latest', 'pr-1', 'pr-2']) {
      await client.pushImage('team/app', tag, { annotations: { tag } })
    }

    const explained = await cli.run('retention', 'explain', 'team/app', ...where)
    expect(explained).toMatchObject({ code: 0, err: '' })
    expect(explained.out.split('\n')).toEqual([
      'latest  stays  rules[0]: is kept always',
      'pr-1    goes   rules[1] "old": no rule keeps it',
      'pr-2    goes   rules[1] "old": no rule keeps it',
      'v1.0.0  stays  immutable[0] of the access policy: is immutable',
      '2 stay, 2 go',
      '',
    ])
    const dry = await cli.run('retention', 'run', '--dry-run', ...where)
    expect(dry.out).toMatch(
      /^would delete 2 tags, 2 manifests; looked at 1 repository\nwould free .*\n$/,
    )
    expect(await tagsOf(server.url)).toHaveLength(4)
    const ran = await cli.run('retention', 'run', 'team/app', ...where, '--json')
    expect(JSON.parse(ran.out)).toEqual({ looked: 1, tags: 2, manifests: 2, repositories: 0 })
    expect(await tagsOf(server.url)).toEqual(['latest', 'v1.0.0'])
    const unknown = await cli.run('retention', 'run', 'team/none', ...where)
    expect(unknown).toMatchObject({ code: 1, out: '', err: expect.stringContaining('repository') })
    server.child.kill('SIGTERM')
    await server.ended
    const again = await cli.run('retention', 'run', ...where)
    expect(again).toMatchObject({ code: 0, err: '' })
    expect(again.out).toBe('deleted 0 tags, 0 manifests; looked at 1 repository\n')
  })

  test('runs in a server on a schedule, and goes on with the old policy where the new one is wrong', async ({
    expect,
  }) => {
    const folder = cli.folder()
    const policy = policyFile(cli.folder(), [{ ...everything, tags: 'pr-*', delete: 'all' }])
    const server = await cli.serve(
      ...['--storage-dir', folder, '--retention', policy, '--retention-every', '50ms'],
    )
    const client = clientOf(server.url)
    await client.pushImage('team/app', 'latest')
    await client.pushImage('team/app', 'pr-1', { annotations: { tag: 'pr-1' } })
    await expect.poll(() => tagsOf(server.url)).toEqual(['latest'])
    writeFileSync(policy, '{"rules": [{"repositories": "**", "tags": "*", "delete": "rest"}]}')
    server.child.kill('SIGHUP')
    await client.pushImage('team/app', 'pr-2', { annotations: { tag: 'pr-2' } })
    await expect.poll(() => tagsOf(server.url)).toEqual(['latest'])
    server.child.kill('SIGTERM')
    const { code, out } = await server.ended
    expect(code).toBe(0)
    const said = entries(out)
    expect(said.filter(({ msg }) => String(msg).startsWith('retention deleted'))).toMatchObject([
      { tags: 1, manifests: 1 },
      { tags: 1, manifests: 1 },
    ])
    expect(said.find(({ msg }) => String(msg).includes('the one before goes on'))).toMatchObject({
      problem: expect.stringContaining('rules[0].delete: "rest" is neither "all" nor "others"'),
    })
  })
})

describe('retention', () => {
  const cli = useProgram()

  test('a wrong policy is told with its place, and no server begins with it', async () => {
    const folder = cli.folder()
    const policy = policyFile(cli.folder(), [{ ...everything, delete: { olderThan: 30 } }])
    const problem = `${policy}: rules[0].delete.olderThan: is a number without a unit: write "30d" for days`
    const checked = await cli.run('retention', 'check', policy)
    expect(checked).toMatchObject({ code: 1, out: '', err: `${problem}\n` })
    const served = await cli.run('serve', '--storage-dir', folder, '--retention', policy)
    expect(served).toMatchObject({ code: 78 })
    expect(served.err).toContain(problem)
    const ran = await cli.run('retention', 'run', '--storage-dir', folder, '--retention', policy)
    expect(ran).toMatchObject({ code: 78 })
    const right = policyFile(cli.folder(), [{ ...everything, delete: { olderThan: '30d' } }])
    expect(await cli.run('retention', 'check', right)).toMatchObject({
      code: 0,
      out: `${right}: the policy is right: 1 rule\n`,
    })
    const none = await cli.run('retention', 'explain', 'team/app', '--storage-dir', folder)
    expect(none.code).not.toBe(0)
  })
})
