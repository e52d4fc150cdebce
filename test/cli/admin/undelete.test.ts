import { expect, test } from 'vitest'
import { testInCi } from '../../on-runtimes.ts'
import { describeEverywhere, digestOf, useProgram } from '../harness.ts'
import { pulled, pushImage, pushIndex, pushReferrer, remove } from './images.ts'

describeEverywhere('layerdock undelete on %s', (runtime) => {
  const cli = useProgram(runtime)

  test('brings back what was deleted, also after a collection and a kill', async ({ expect }) => {
    const place = ['--storage-dir', cli.folder()]
    const flags = [...place, '--lease', '1ms']
    const first = await cli.serve(...flags)
    const image = await pushImage(first.url, 'a/b', 'one', 'v1', 'v2')
    await remove(first.url, `a/b/manifests/${image}`)
    expect(await pulled(first.url, 'a/b', 'v1')).toBe('404')
    const listed = await cli.run('trash', 'list', ...place)
    expect(listed.out).toMatch(new RegExp(`Z\tmanifest\ta/b@${image} \\(v1, v2\\)\t.* left\n$`))
    // What only the trash has stays.
    expect((await cli.run('gc', ...place)).out).toMatch(/^freed 0 B: 0 blobs\n/)
    const { out } = await cli.run('gc', '--explain', image, ...place)
    expect(out).toMatch(
      /which are kept\n {2}the trash has it, deleted from a\/b; it can be restored/,
    )
    first.child.kill('SIGKILL')
    await first.ended
    const { url } = await cli.serve(...flags)
    expect(await cli.run('undelete', 'a/b:v1', ...place)).toEqual({
      code: 0,
      out: `restored a/b@${image}, tagged v1, v2\n`,
      err: '',
    })
    expect(await pulled(url, 'a/b', 'v1')).toBe(image)
    expect(await pulled(url, 'a/b', 'v2')).toBe(image)
  })
})

const cli = useProgram()

test('tags and repositories come back, until the trash is emptied', async () => {
  const place = ['--storage-dir', cli.folder()]
  const { url, child, ended } = await cli.serve(...place, '--lease', '1ms')
  const image = await pushImage(url, 'a/b', 'one', 'v1', 'v2')
  await remove(url, 'a/b/manifests/v1')
  expect((await cli.run('undelete', 'a/b:v1', ...place)).out).toBe('restored a/b:v1\n')
  expect(await pulled(url, 'a/b', 'v1')).toBe(image)

  await remove(url, '_layerdock/repositories/a/b')
  expect(await pulled(url, 'a/b', 'v1')).toBe('404')
  expect((await cli.run('undelete', 'a/b', ...place)).out).toBe('restored a/b\n')
  expect(await pulled(url, 'a/b', 'v1')).toBe(image)

  await remove(url, `a/b/manifests/${image}`)
  child.kill('SIGTERM')
  await ended
  // Of a folder that no server has.
  expect((await cli.run('trash', 'empty', ...place)).out).toMatch(/^gave up 1 entry/)
  expect((await cli.run('trash', 'list', ...place)).out).toBe('the trash is empty\n')
  expect((await cli.run('gc', ...place)).out).toMatch(/^freed .*: 3 blobs\n/)
  const gone = await cli.run('undelete', `a/b@${image}`, ...place)
  expect([gone.code, gone.out]).toEqual([1, ''])
  expect(gone.err).toContain('is not in the trash; layerdock trash list a/b shows what is')
})

test('what was in a repository that was deleted whole is restored with it', async () => {
  const place = ['--storage-dir', cli.folder()]
  const { url } = await cli.serve(...place)
  const image = await pushImage(url, 'a/b', 'one', 'v1', 'v2')
  await remove(url, 'a/b/manifests/v2')
  await remove(url, '_layerdock/repositories/a/b')
  for (const name of ['a/b:v1', `a/b@${image}`]) {
    expect(await cli.run('undelete', name, ...place)).toEqual({
      code: 1,
      out: '',
      err: `layerdock: ${name}: has no entry of its own, but its repository was deleted whole: layerdock undelete a/b brings it back with all that was in it\n`,
    })
  }
  // A tag that was deleted before it has an entry, and needs its manifest.
  const needy = await cli.run('undelete', 'a/b:v2', ...place)
  expect(needy.err).toBe(
    `layerdock: a/b:v2: needs ${image}, and its repository was deleted after it: layerdock undelete a/b brings that back, and then this one can\n`,
  )
  expect((await cli.run('undelete', 'a/b', ...place)).out).toBe('restored a/b\n')
  expect((await cli.run('undelete', 'a/b:v2', ...place)).out).toBe('restored a/b:v2\n')
  expect(await pulled(url, 'a/b', 'v1')).toBe(image)
})

testInCi('nothing that came since is changed', async () => {
  const place = ['--storage-dir', cli.folder()]
  const { url } = await cli.serve(...place)
  const old = await pushImage(url, 'a', 'old', 'latest', 'old')
  await remove(url, `a/manifests/${old}`)
  const next = await pushImage(url, 'a', 'new', 'latest')
  const { code, out } = await cli.run('undelete', `a@${old}`, ...place)
  expect([code, out]).toEqual([
    0,
    `restored a@${old}, tagged old\n  the tag latest stands for ${next} by now, and stays\n`,
  ])
  expect(await pulled(url, 'a', 'latest')).toBe(next)
  expect(await pulled(url, 'a', 'old')).toBe(old)
  await remove(url, 'a/manifests/old')
  await pushImage(url, 'a', 'new', 'old')
  const taken = await cli.run('undelete', 'a:old', ...place)
  expect(taken.code).toBe(1)
  expect(taken.err).toBe(`layerdock: a:old: stands for ${next} by now; delete that first\n`)
})

test('what a manifest or tag needs comes back with it', async () => {
  const place = ['--storage-dir', cli.folder()]
  const { url } = await cli.serve(...place)
  const image = await pushImage(url, 'a', 'one')
  const index = await pushIndex(url, 'a', image, 'all')
  await remove(url, 'a/manifests/all')
  await remove(url, `a/manifests/${index}`)
  await remove(url, `a/manifests/${image}`)
  const { out } = await cli.run('undelete', 'a:all', ...place)
  expect(out.split('\n')).toEqual([
    `restored a@${image}`,
    `restored a@${index}`,
    'restored a:all',
    '',
  ])
  expect(await pulled(url, 'a', 'all')).toBe(index)
  expect(await pulled(url, 'a', image)).toBe(image)
})

testInCi('what a manifest names comes back with it, also if it went before', async () => {
  const place = ['--storage-dir', cli.folder()]
  const { url } = await cli.serve(...place)
  const image = await pushImage(url, 'a', 'one')
  const index = await pushIndex(url, 'a', image, 'all')
  const layer = digestOf(Buffer.from('layer of one'))
  await remove(url, `a/blobs/${layer}`)
  await remove(url, `a/manifests/${image}`)
  await remove(url, `a/manifests/${index}`)
  const { out } = await cli.run('undelete', 'a:all', ...place)
  expect(out.split('\n')).toEqual([
    `restored a@${index}, tagged all`,
    `restored a@${image}`,
    `restored a@${layer}`,
    '',
  ])
  expect((await fetch(`${url}/v2/a/blobs/${layer}`)).status).toBe(200)
})

testInCi('what refers to a manifest comes back with it, if it went later', async () => {
  const place = ['--storage-dir', cli.folder()]
  const { url } = await cli.serve(...place)
  const image = await pushImage(url, 'a', 'one', 'v1')
  const signature = await pushReferrer(url, 'a', image)
  await remove(url, `a/manifests/${image}`)
  await remove(url, `a/manifests/${signature}`)
  const { out } = await cli.run('undelete', 'a:v1', ...place)
  expect(out).toBe(`restored a@${image}, tagged v1\nrestored a@${signature}\n`)
  // One that was deleted for itself stays so.
  await remove(url, `a/manifests/${signature}`)
  await remove(url, `a/manifests/${image}`)
  const again = await cli.run('undelete', 'a:v1', ...place)
  expect(again.out).toBe(`restored a@${image}, tagged v1\n`)
})

test('nothing comes back where --trash-time is 0', async () => {
  const place = ['--storage-dir', cli.folder()]
  const { url } = await cli.serve(...place, '--trash-time', '0')
  const image = await pushImage(url, 'a', 'one', 'v1')
  await remove(url, `a/manifests/${image}`)
  expect((await cli.run('trash', 'list', 'a', ...place)).out).toBe('the trash is empty\n')
  expect((await cli.run('undelete', 'a:v1', ...place)).code).toBe(1)
})

test('a wrong command line is told', async () => {
  const told = async (...words: string[]) => (await cli.run(...words)).err
  expect(await told('undelete')).toContain('REPOSITORY[:TAG|@DIGEST] is missing')
  expect(await told('undelete', 'A')).toContain('A: is not the name of a repository')
  expect(await told('undelete', 'a@latest')).toContain('a@latest: is not REPOSITORY@DIGEST')
  expect(await told('trash')).toContain('layerdock trash list or layerdock trash empty')
  expect(await told('trash', 'lst')).toContain('did you mean layerdock trash list?')
})
