import { readFile, writeFile } from 'node:fs/promises'
import { loginSteps } from './login.mjs'
import { contains, fails, fileDigest, same, versionOf } from './runner.mjs'

export const name = 'regctl'

/** @returns {string | null} */
export function find() {
  return versionOf(['regctl', 'version', '--format', '{{.VCSTag}}'])
}

/**
 * @param {import('./context.mjs').Context} context
 * @returns {Promise<import('./runner.mjs').Step[]>}
 */
export async function steps(context) {
  const { big, index } = context.samples
  const env = { REGCTL_CONFIG: context.path('regctl.json') }
  const regctl = (/** @type {string[]} */ ...args) => context.run('regctl', args, { env })
  const type = 'application/vnd.example.note'
  const note = context.path('note.txt')
  await writeFile(note, 'a note about an image\n')
  const format = ['--format', '{{ json .Descriptors }}']
  const referring = async (/** @type {string} */ ref, /** @type {string[]} */ ...filter) =>
    JSON.parse(await regctl('artifact', 'list', ref, ...format, ...filter)) ?? []
  await regctl('registry', 'set', '--skip-check', '--tls', 'disabled', context.host)
  return [
    ...loginSteps(context, {
      login: (user, password) =>
        context.run('regctl', ['registry', 'login', '-u', user, '--pass-stdin', context.host], {
          input: password,
          env,
        }),
      push: (ref) => regctl('image', 'copy', `ocidir://${index.dir}:v1`, ref),
    }),
    {
      title: 'copy a large image in and back',
      run: async () => {
        await regctl('image', 'copy', `ocidir://${big.dir}:v1`, context.ref('big'))
        await context.holds('big', 'v1', big)
        await regctl('image', 'copy', context.ref('big'), `ocidir://${context.path('back')}:v1`)
        return context.layoutHolds(context.path('back'), big)
      },
    },
    {
      title: 'copy it between repositories (mount)',
      run: async () => {
        await regctl('image', 'copy', context.ref('big'), context.ref('other'))
        return context.holds('other', 'v1', big)
      },
    },
    {
      title: 'copy it in by chunks of 4 MiB',
      run: async () => {
        const chunks = ['--blob-chunk', `${4 << 20}`, '--blob-max', '1']
        await regctl('registry', 'set', '--skip-check', ...chunks, context.host)
        await regctl('image', 'copy', `ocidir://${big.dir}:v1`, context.ref('chunked'))
        return context.holds('chunked', 'v1', big)
      },
    },
    {
      title: 'copy an index in and back',
      run: async () => {
        await regctl('image', 'copy', `ocidir://${index.dir}:v1`, context.ref('index'))
        await context.holds('index', 'v1', index)
        await regctl('image', 'copy', context.ref('index'), `ocidir://${context.path('ix')}:v1`)
        return context.layoutHolds(context.path('ix'), index)
      },
    },
    {
      title: 'create an index of two images',
      run: async () => {
        const { bytes } = await context.wire.manifest(context.repo('index'), 'v1')
        const [one, two] = JSON.parse(bytes.toString()).manifests
        await regctl(
          ...['index', 'create', context.ref('made')],
          ...['--ref', context.ref('index', one.digest), '--ref', context.ref('index', two.digest)],
        )
        return `${(await context.wire.checkImage(context.repo('made'), 'v1')).blobs} blobs`
      },
    },
    {
      title: 'put an artifact that refers to an image, list and get it',
      run: async () => {
        const subject = context.ref('big')
        await regctl('artifact', 'put', '--artifact-type', type, '--subject', subject, '-f', note)
        const [found, ...rest] = await referring(subject)
        same(rest, [], 'what else refers to it')
        same(found?.artifactType, type, 'its type')
        if (context.referrersApi) {
          const told = await context.wire.referrers(context.repo('big'), big.root.digest)
          same(told?.[0]?.digest, found.digest, 'what the registry lists')
        }
        const none = await referring(subject, '--filter-artifact-type', 'application/vnd.none')
        same(none, [], 'what has another type')
        const got = await regctl('artifact', 'get', '--subject', subject)
        same(got, await readFile(note, 'utf8'), 'the artifact')
        return context.referrersApi ? 'referrers API' : 'fallback tag'
      },
    },
    {
      title: 'copy an image with what refers to it',
      run: async () => {
        const [from, to] = [context.ref('big'), context.ref('with')]
        await regctl('image', 'copy', '--referrers', from, to)
        same((await referring(to)).length, 1, 'what refers to the copy')
        return context.holds('with', 'v1', big)
      },
    },
    {
      title: 'list tags and repositories, get a manifest and a blob',
      run: async () => {
        const repo = `${context.host}/${context.repo('big')}`
        contains(await regctl('tag', 'ls', repo), 'v1')
        contains(await regctl('repo', 'ls', context.host), context.repo('big'))
        const { bytes } = await context.wire.manifest(context.repo('big'), 'v1')
        const raw = await regctl('manifest', 'get', '--format', 'raw-body', context.ref('big'))
        same(raw, bytes.toString(), 'the manifest')
        const { config } = JSON.parse(bytes.toString())
        await writeFile(context.path('config'), await regctl('blob', 'get', repo, config.digest))
        same(await fileDigest(context.path('config')), config.digest, 'the config')
      },
    },
    {
      title: 'remove a tag and leave the manifest',
      run: async () => {
        await regctl('image', 'copy', context.ref('big'), context.ref('big', 'v2'))
        await regctl('tag', 'rm', context.ref('big', 'v2'))
        const head = ['manifest', 'head']
        await fails(() => regctl(...head, context.ref('big', 'v2')), 'the tag is still there')
        await regctl(...head, context.ref('big', big.root.digest))
        return context.holds('big', 'v1', big)
      },
    },
    {
      title: 'delete a manifest',
      run: async () => {
        const ref = context.ref('other', big.root.digest)
        await regctl('manifest', 'delete', ref)
        await fails(() => regctl('manifest', 'head', ref), 'it is still there')
      },
    },
  ]
}
