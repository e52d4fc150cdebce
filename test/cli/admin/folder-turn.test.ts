import { readdirSync } from 'node:fs'
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
})
