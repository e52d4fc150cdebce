import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { hasMounts, useProgram } from './harness.ts'
import { entries, everyRuntime, printed } from './program.ts'

describe.each(everyRuntime)('an audit log on a full disk on %s', (runtime) => {
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
