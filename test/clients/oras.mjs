import { open, readFile, writeFile } from 'node:fs/promises'
import { pseudoRandom } from './bytes.mjs'
import { loginSteps } from './login.mjs'
import { contains, fails, fileDigest, same, versionOf } from './runner.mjs'

export const name = 'oras'

/** @returns {string | null} */
export function find() {
  return versionOf(['oras', 'version'])
}

/**
 * @param {import('./context.mjs').Context} context
 * @returns {Promise<import('./runner.mjs').Step[]>}
 */
export async function steps(context) {
  const { big, index } = context.samples
  const oras = (/** @type {string[]} */ ...args) => context.run('oras', args)
  const types = { data: 'application/vnd.example.data', bill: 'application/vnd.example.bill' }
  const data = await open(context.path('data.bin'), 'w')
  for (const chunk of pseudoRandom('oras', 20_000_000)) await data.write(chunk)
  await data.close()
  await writeFile(context.path('bill.json'), '{"bill":"of materials"}')
  await writeFile(context.path('note.txt'), 'a note about the bill\n')
  const discover = async (/** @type {string} */ ref) =>
    JSON.parse(await oras('discover', '--plain-http', '--format', 'json', ref)).referrers ?? []
  let artifact = ''
  return [
    ...loginSteps(context, {
      login: (user, password) =>
        context.run(
          'oras',
          ['login', '--plain-http', '-u', user, '--password-stdin', context.host],
          {
            input: password,
          },
        ),
      push: (ref) => oras('push', '--plain-http', '--artifact-type', types.data, ref, 'note.txt'),
    }),
    {
      title: 'push an artifact and pull it back',
      run: async () => {
        const push = ['push', '--plain-http', '--artifact-type', types.data]
        await oras(...push, context.ref('art'), 'data.bin:application/octet-stream', 'note.txt')
        artifact = (await context.wire.checkImage(context.repo('art'), 'v1')).digest
        await oras('pull', '--plain-http', '-o', context.path('out'), context.ref('art'))
        same(
          await fileDigest(context.path('out/data.bin')),
          await fileDigest(context.path('data.bin')),
          'the file',
        )
        return '20.0 MB'
      },
    },
    {
      title: 'attach to it, attach to that, and discover both',
      run: async () => {
        const attach = (/** @type {string} */ to, /** @type {string} */ file) =>
          oras(
            ...['attach', '--plain-http', '--artifact-type', types.bill],
            ...['--annotation', 'made.by=oras', to, file],
          )
        await attach(context.ref('art'), 'bill.json:application/json')
        const [first] = await discover(context.ref('art'))
        same(first?.artifactType, types.bill, 'the type of what was attached')
        await attach(context.ref('art', first.digest), 'note.txt')
        same((await discover(context.ref('art', first.digest))).length, 1, 'what refers to that')
        if (!context.referrersApi) return 'fallback tag'
        const found = await context.wire.referrers(context.repo('art'), artifact)
        same(
          found?.map(({ digest }) => digest),
          [first.digest],
          'what the registry lists',
        )
        return 'referrers API'
      },
    },
    {
      title: 'copy it with everything that refers to it',
      run: async () => {
        const plain = ['--from-plain-http', '--to-plain-http']
        await oras('cp', ...plain, '-r', context.ref('art'), context.ref('copied'))
        const [first] = await discover(context.ref('copied'))
        same((await discover(context.ref('copied', first.digest))).length, 1, 'the second level')
        same((await context.wire.checkImage(context.repo('copied'), 'v1')).digest, artifact, 'it')
      },
    },
    {
      title: 'copy a large image in from a layout and back',
      run: async () => {
        const layout = `${big.dir}:v1`
        await oras('cp', '--from-oci-layout', '--to-plain-http', layout, context.ref('big'))
        await context.holds('big', 'v1', big)
        const back = `${context.path('back')}:v1`
        await oras('cp', '--from-plain-http', '--to-oci-layout', context.ref('big'), back)
        return context.layoutHolds(context.path('back'), big)
      },
    },
    {
      title: 'copy an index, and one platform of it',
      run: async () => {
        const layout = `${index.dir}:v1`
        await oras('cp', '--from-oci-layout', '--to-plain-http', layout, context.ref('index'))
        await context.holds('index', 'v1', index)
        const back = `${context.path('arm')}:v1`
        const arm = ['--platform', 'linux/arm64', '--from-plain-http', '--to-oci-layout']
        await oras('cp', ...arm, context.ref('index'), back)
        const { bytes } = await context.wire.manifest(context.repo('index'), 'v1')
        const entries = await readFile(context.path('arm/index.json'), 'utf8')
        const wanted = JSON.parse(bytes.toString()).manifests[1].digest
        same(JSON.parse(entries).manifests[0].digest, wanted, 'the platform')
      },
    },
    {
      title: 'tag, list tags and repositories, resolve, fetch',
      run: async () => {
        await oras('tag', '--plain-http', context.ref('art'), 'v2', 'latest')
        const repo = `${context.host}/${context.repo('art')}`
        const tags = (await oras('repo', 'tags', '--plain-http', repo)).trim().split('\n')
        for (const tag of ['latest', 'v1', 'v2']) contains(tags.join(' '), tag)
        contains(await oras('repo', 'ls', '--plain-http', context.host), context.repo('art'))
        const latest = context.ref('art', 'latest')
        same((await oras('resolve', '--plain-http', latest)).trim(), artifact, 'the digest')
        const { bytes } = await context.wire.manifest(context.repo('art'), 'v1')
        const fetched = await oras('manifest', 'fetch', '--plain-http', latest)
        same(fetched, bytes.toString(), 'the manifest')
        const { layers } = JSON.parse(bytes.toString())
        const blob = ['blob', 'fetch', '--plain-http', '-o', context.path('blob')]
        await oras(...blob, context.ref('art', layers[0].digest))
        same(await fileDigest(context.path('blob')), layers[0].digest, 'the blob')
      },
    },
    {
      title: 'delete a blob and a manifest',
      run: async () => {
        const repo = `${context.host}/${context.repo('art')}`
        const pushed = await oras('blob', 'push', '--plain-http', repo, 'bill.json')
        contains(pushed, 'sha256:')
        const digest = await fileDigest(context.path('bill.json'))
        const gone = context.ref('copied', digest)
        await oras('blob', 'delete', '--plain-http', '--force', gone)
        await fails(
          () => oras('blob', 'fetch', '--plain-http', '-o', context.path('gone'), gone),
          'the blob is still there',
        )
        const ref = context.ref('copied', artifact)
        await oras('manifest', 'delete', '--plain-http', '--force', ref)
        await fails(() => oras('resolve', '--plain-http', ref), 'the manifest is still there')
      },
    },
  ]
}
