import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { postgres } from '../../services/postgres.ts'
import { withServices } from '../../services/with-services.ts'
import { pushBlob, useProgram } from '../harness.ts'

withServices('commands for a registry in PostgreSQL', { postgres }, (running) => {
  const cli = useProgram()

  test('reach its server, or open it where no server has its folder', async () => {
    const folder = join(cli.folder(), 'bytes')
    const database = await running.postgres.database()
    const place = ['--database', database, '--storage-dir', folder]
    const words = [...place, '--lease', '1ms', '--keep-deleted', '1ms']
    const started = await cli.serve(...words)
    await pushBlob(started.url, Buffer.from('one'))
    const freed = async (): Promise<number> => {
      const { code, out, err } = await cli.run('gc', '--json', ...place)
      if (code !== 0) throw new Error(err)
      return JSON.parse(out).blobs
    }
    await expect.poll(freed).toBe(1)
    await pushBlob(started.url, Buffer.from('two'))
    started.child.kill('SIGTERM')
    await started.ended
    expect((await cli.run('verify', ...place)).code).toBe(0)
    const nowhere = cli.folder()
    const nothing = await cli.run('gc', '--database', database, '--storage-dir', nowhere)
    expect([nothing.code, readdirSync(nowhere)]).toEqual([1, []])
    expect(nothing.err).toContain('is not a store')
  })
})
