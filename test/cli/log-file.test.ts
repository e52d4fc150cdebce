import { existsSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeEverywhere, digestOf, pushBlob, useProgram } from './harness.ts'
import { entries, printed } from './program.ts'

describeEverywhere('the log on %s', (runtime) => {
  const cli = useProgram(runtime)

  test('goes into a file, which SIGUSR2 opens again, as it does the audit log', async ({
    expect,
  }) => {
    const folder = cli.folder()
    const [log, audit] = [join(folder, 'log'), join(folder, 'audit')]
    const files = ['--log-file', log, '--audit-log', audit]
    const socket = join(folder, 's')
    const started = cli.start('serve', '--listen', `unix:${socket}`, '--memory', ...files)
    const text = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '')
    await expect.poll(() => text(log)).toContain('"msg":"listening"')
    renameSync(log, `${log}.1`)
    renameSync(audit, `${audit}.1`)
    started.child.kill('SIGUSR2')
    await expect.poll(() => [existsSync(log), existsSync(audit)]).toEqual([true, true])
    started.child.kill('SIGTERM')
    expect(await started.ended).toEqual({ code: 0, out: '', err: '' })
    expect(entries(text(`${log}.1`)).map(({ msg }) => msg)).toEqual(['listening'])
    expect(entries(text(log)).map(({ msg }) => msg)).toEqual(['stopping', 'stopped'])
  })

  test('says of a request what was pushed and pulled, by whom, and how much', async () => {
    const started = await cli.serve('--memory')
    const layer = Buffer.from('a layer')
    const digest = await pushBlob(started.url, layer)
    const type = 'application/vnd.oci.image.manifest.v1+json'
    const descriptor = { mediaType: 'application/octet-stream', digest, size: layer.length }
    const manifest = JSON.stringify({
      ...{ schemaVersion: 2, mediaType: type, config: descriptor, layers: [descriptor] },
    })
    const url = `${started.url}/v2/a/manifests/v1`
    await fetch(url, { method: 'PUT', headers: { 'Content-Type': type }, body: manifest })
    await (await fetch(url, { headers: { Accept: type } })).text()
    started.child.kill('SIGTERM')
    const lines = entries((await started.ended).out).filter(({ msg }) => msg === 'request')
    const manifestDigest = digestOf(Buffer.from(manifest))
    const image = { area: 'access', repository: 'a', tag: 'v1', digest: manifestDigest }
    expect(lines).toMatchObject([
      { repository: 'a', digest, received: layer.length, status: 201 },
      { ...image, method: 'PUT', received: manifest.length },
      { ...image, method: 'GET', bytes: manifest.length },
    ])
    expect(new Set(lines.map(({ requestId }) => requestId)).size).toBe(3)
  })

  test('has levels by area', async () => {
    const started = await cli.serve('--memory', '--log', 'info,access=warn,events=debug')
    await pushBlob(started.url, Buffer.from('a layer'))
    await printed(started, 'blob pushed')
    started.child.kill('SIGTERM')
    const lines = entries((await started.ended).out)
    expect(lines.map(({ area, msg }) => [area, msg])).toEqual([
      ['server', 'listening'],
      ['events', 'blob pushed'],
      ['server', 'stopping'],
      ['server', 'stopped'],
    ])
  })
})
