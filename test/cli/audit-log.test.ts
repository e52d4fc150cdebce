import {
  closeSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openAuditLog } from '../../adapters/cli/audit-log.ts'
import { type Access, createRegistry } from '../../src/index.ts'
import { describeOnRuntimes } from '../on-runtimes.ts'
import { hasMounts, useProgram } from './harness.ts'
import { entries, printed } from './program.ts'

describeOnRuntimes('an audit log on a full disk on %s', (runtime) => {
  const cli = useProgram(runtime)

  test.runIf(hasMounts)(
    'is told of once, stops no request, and does not keep the server from its end',
    async () => {
      const folder = cli.folder()
      const fill = `mount -t tmpfs -o size=4k none ${folder} && head -c 4096 /dev/zero > ${folder}/full`
      const audit = join(folder, 'audit.log')
      const started = await cli.serveWithMounts(fill, '--memory', '--audit-log', audit)
      for (let count = 0; count < 3; count += 1) {
        expect((await fetch(`${started.url}/v2/_catalog`)).status).toBe(200)
      }
      await printed(started, 'audit lines were not written')
      started.child.kill('SIGTERM')
      const { code, out } = await started.ended
      expect(code).toBe(0)
      const told = entries(out).filter(({ msg }) => msg === 'audit lines were not written')
      expect(told).toMatchObject([{ level: 'error', err: { code: 'ENOSPC' } }])
    },
  )
})

test('an audit log that cannot be opened again goes on in its file, and closes no other', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'layerdock-audit-'))
  const [logs, away] = [join(folder, 'logs'), join(folder, 'away')]
  mkdirSync(logs)
  const failures: Error[] = []
  const audit = openAuditLog(join(logs, 'audit'), (error) => failures.push(error))
  const access: Access = {
    authenticate: async () => null,
    authorize: async (_, asks) => asks.map(() => 'login'),
    challenge: () => 'Basic',
  }
  const registry = createRegistry({ access, observe: audit.observe })
  const ask = async (name: string): Promise<void> => {
    const answer = await registry.fetch(new Request(`http://registry.test/v2/${name}/tags/list`))
    await answer.text()
  }
  await ask('one')
  renameSync(logs, away)
  audit.reopen()
  audit.reopen()
  await ask('two')
  expect(failures).toMatchObject([{ code: 'ENOENT' }, { code: 'ENOENT' }])
  mkdirSync(logs)
  audit.reopen()
  const others = [1, 2, 3].map(() => openSync(join(away, 'audit'), 'r'))
  audit.reopen()
  await ask('three')
  audit.close()
  for (const other of others) {
    fstatSync(other)
    closeSync(other)
  }
  const named = (path: string): readonly unknown[] =>
    entries(readFileSync(path, 'utf8')).map(({ repository }) => repository)
  expect(named(join(away, 'audit'))).toEqual(['one', 'two'])
  expect(named(join(logs, 'audit'))).toEqual(['three'])
  rmSync(folder, { recursive: true })
})
