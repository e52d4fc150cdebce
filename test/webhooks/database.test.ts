import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'vitest'
import { useProgram } from '../cli/harness.ts'
import { clientOf } from '../promises/client.ts'
import { postgres } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'
import { startReceiver } from './receivers/receiver-server.ts'
import { keelHarbor } from './receivers/receivers.ts'

withServices('webhooks of a registry in PostgreSQL', { postgres }, (running) => {
  const cli = useProgram()

  test('are delivered, listed and sent again, also by commands beside the server', async ({
    expect,
  }) => {
    const keel = await startReceiver(keelHarbor, '')
    const folder = cli.folder()
    const file = join(folder, 'webhooks.json')
    const endpoint = { name: 'keel', url: keel.url, format: 'harbor', allowPrivate: true }
    writeFileSync(file, JSON.stringify({ registry: 'registry.test', endpoints: [endpoint] }))
    const place = ['--database', await running.postgres.database(), '--webhooks', file]
    const words = [...place, '--storage-dir', join(folder, 'bytes')]
    const images = (): readonly (string | null)[] => keel.taken.map(({ image }) => image)
    try {
      const first = await cli.serve(...words)
      await clientOf(first.url).pushImage('team/app', 'v1')
      await expect.poll(images).toEqual(['registry.test/team/app:v1'])
      keel.fail(410)
      await clientOf(first.url).pushImage('team/app', 'v2')
      const listed = async (): Promise<unknown> => {
        const { out, err } = await cli.run('webhook', 'list', '--json', ...words)
        if (out === '') throw new Error(err)
        return JSON.parse(out).endpoints
      }
      await expect.poll(listed).toMatchObject([{ endpoint: 'keel', waiting: 0, dead: 1 }])
      first.child.kill('SIGKILL')
      await first.ended
      const resent = await cli.run('webhook', 'resend', 'keel', ...words)
      expect(resent).toMatchObject({ code: 0, out: '1 message waits to be sent again\n' })
      keel.fail(null)
      await cli.serve(...words)
      await expect.poll(images).toEqual(['registry.test/team/app:v1', 'registry.test/team/app:v2'])
    } finally {
      keel.close()
    }
  })
})
