import { expect, test } from 'vitest'
import { describeEverywhere, digestOf, pushBlob, useProgram } from '../harness.ts'
import { entries } from '../program.ts'

const manifestType = 'application/vnd.oci.image.manifest.v1+json'

/** Pushes an image of a config, and of a layer that it names too, to the repository `a`; its digest. */
async function pushImage(url: string, config: string, tag: string): Promise<string> {
  const body = JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: { mediaType: 'application/json', digest: config, size: 6 },
    layers: [],
  })
  const headers = { 'Content-Type': manifestType }
  const answer = await fetch(`${url}/v2/a/manifests/${tag}`, { method: 'PUT', body, headers })
  expect(answer.status).toBe(201)
  return digestOf(Buffer.from(body))
}

describeEverywhere('layerdock gc on %s', (runtime) => {
  const cli = useProgram(runtime)

  test('says what it would free and why the rest stays, and frees it', async ({ expect }) => {
    const folder = cli.folder()
    const place = ['--storage-dir', folder]
    const started = await cli.serve(...place, '--lease', '1ms')
    const config = await pushBlob(started.url, Buffer.from('config'))
    const image = await pushImage(started.url, config, 'latest')
    const layer = await pushBlob(started.url, Buffer.from('a layer that nothing names'))
    const would = `would free 26 B: 1 blob; nothing was changed\n  ${layer}  26 B\n`
    const due = async (): Promise<string> => (await cli.run('gc', '--dry-run', ...place)).out
    await expect.poll(due).toBe(would)
    const explain = async (digest: string, ...more: string[]) =>
      await cli.run('gc', '--explain', digest, ...place, ...more)
    expect((await explain(config)).out).toBe(
      `${config}: 6 B, which are kept\n  a has it as a blob, which is named by ${image}\n`,
    )
    expect((await explain(image)).out).toMatch(/a has it as a manifest, tagged latest\n$/)
    expect((await explain(layer)).out).toMatch(
      /26 B, which go with the next collection\n {2}a has it as a blob, which no manifest names, and whose lease is over\n$/,
    )
    expect((await cli.run('gc', ...place)).out).toMatch(/^freed 26 B: 1 blob\n/)
    const gone = await explain(layer, '--json')
    expect([gone.code, JSON.parse(gone.out)]).toEqual([1, { kind: 'unknown', digest: layer }])
    started.child.kill('SIGTERM')
    const lines = entries((await started.ended).out)
    const said = lines.filter(({ msg }) => msg === 'garbage was collected')
    expect(said).toMatchObject([{ blobs: 1, bytes: 26, repositories: 0, isComplete: true }])
    // The same of a folder that no server has.
    expect((await explain(image)).out).toMatch(/a has it as a manifest, tagged latest\n$/)
    expect(await due()).toBe('would free 0 B: 0 blobs; nothing was changed\n')
  })
})

const cli = useProgram()

test('a wrong command line is told', async () => {
  const wrong = async (...words: string[]): Promise<readonly [number | null, string]> => {
    const { code, err } = await cli.run('gc', ...words)
    return [code, err]
  }
  const notDigest = 'layerdock: --explain latest: is not a digest, such as sha256:…\n'
  expect(await wrong('--explain', 'latest')).toEqual([2, notDigest])
  expect((await wrong('--dry-run', '--drop-empty'))[0]).toBe(2)
  expect((await wrong('now'))[1]).toBe('layerdock: now: not expected here\n')
})

test('changes nothing where the server only reads, and looks all the same', async () => {
  const place = ['--storage-dir', cli.folder()]
  const first = await cli.serve(...place)
  await pushBlob(first.url, Buffer.from('bytes'))
  first.child.kill('SIGTERM')
  await first.ended
  await cli.serve(...place, '--read-only')
  // Readers share the folder.
  expect((await cli.run('gc', '--dry-run', ...place)).out).toMatch(/^would free 0 B/)
  const { out } = await cli.run('gc', '--explain', digestOf(Buffer.from('bytes')), ...place)
  expect(out).toMatch(/its lease goes on for 1d 1[12]h/)
})
