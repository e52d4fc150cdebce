import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'vitest'
import { describeEverywhere, useProgram } from '../harness.ts'
import { entries } from '../program.ts'
import { pushImage } from './images.ts'

describeEverywhere('a server that starts on %s', (runtime) => {
  const cli = useProgram(runtime)

  test('gets the folder of a command, which goes on through it', async ({ expect }) => {
    const folder = cli.folder()
    const place = ['--storage-dir', folder]
    const first = await cli.serve(...place)
    await pushImage(first.url, 'a', 'x'.repeat(10_000), 'v1')
    first.child.kill('SIGKILL')
    await first.ended
    // Would take minutes.
    const command = cli.start('verify', ...place, '--rate', '50B')
    const turn = () => readdirSync(folder).filter((name) => /^(?:command|server)\./.test(name))
    await expect.poll(turn).toHaveLength(1)
    const server = await cli.serve(...place)
    const began = () => entries(server.out()).some(({ msg }) => msg === 'an operation began')
    await expect.poll(began).toBe(true)
    const waits = entries(server.out()).filter(({ msg }) => String(msg).startsWith('waiting for'))
    expect(waits).toMatchObject([{ command: `layerdock verify, process ${command.child.pid}` }])
    expect(turn()).toEqual([])
    command.child.kill('SIGINT')
    const { code, err } = await command.ended
    expect([code, err]).toEqual([1, expect.stringContaining('a server starts in this folder')])
  })

  const writers: readonly (readonly [string, (from: string, to: string) => readonly string[]])[] = [
    ['copy', (from: string, to: string) => ['copy', '--from', from, '--to', to]],
    ['import', (from: string, to: string) => ['import', `${from}-layout`, '--storage-dir', to]],
  ]
  test.for(writers)(
    'gets the folder that %s writes to, which goes on afterwards',
    async ([name, words], { expect }) => {
      const from = join(cli.folder(), 'from')
      const first = await cli.serve('--storage-dir', from)
      await pushImage(first.url, 'a', 'x'.repeat(10_000), 'v1')
      if (name === 'import') await cli.run('export', `${from}-layout`, '--from', first.url)
      first.child.kill('SIGTERM')
      await first.ended
      const to = join(cli.folder(), 'to')
      const way = words(from, to)
      // Would take minutes.
      const command = cli.start(...way, '--rate', '50B')
      const turn = () =>
        existsSync(to) ? readdirSync(to).filter((file) => file.startsWith('command.')) : []
      await expect.poll(turn).toHaveLength(1)
      const server = await cli.serve('--storage-dir', to)
      const { code, err } = await command.ended
      expect([code, err]).toEqual([1, expect.stringContaining('a server starts in this folder')])
      expect(err).toContain('the same command goes on from there')
      server.child.kill('SIGTERM')
      await server.ended
      expect((await cli.run(...way)).code).toBe(0)
      const whole = await cli.serve('--storage-dir', to)
      expect((await fetch(`${whole.url}/v2/a/manifests/v1`)).status).toBe(200)
    },
  )
})
