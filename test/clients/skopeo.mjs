import { readFile } from 'node:fs/promises'
import { loginSteps } from './login.mjs'
import { contains, fails, same, versionOf } from './runner.mjs'

export const name = 'skopeo'

/** @returns {string | null} */
export function find() {
  return versionOf(['skopeo', '--version'])
}

/**
 * @param {import('./context.mjs').Context} context
 * @returns {Promise<import('./runner.mjs').Step[]>}
 */
export async function steps(context) {
  const { big, index } = context.samples
  const skopeo = (/** @type {string[]} */ ...args) =>
    context.run('skopeo', ['--insecure-policy', ...args])
  const copy = (/** @type {string} */ from, /** @type {string} */ to, all = false) =>
    skopeo(
      ...['copy', '--src-tls-verify=false', '--dest-tls-verify=false', ...(all ? ['--all'] : [])],
      ...[from, to],
    )
  return [
    ...loginSteps(context, {
      login: (user, password) =>
        context.run(
          'skopeo',
          ['login', '--tls-verify=false', '-u', user, '--password-stdin', context.host],
          {
            input: password,
          },
        ),
      push: (ref) => copy(`oci:${index.dir}:v1`, `docker://${ref}`, true),
    }),
    {
      title: 'copy a large image in',
      run: async () => {
        await copy(`oci:${big.dir}:v1`, `docker://${context.ref('big')}`)
        return context.holds('big', 'v1', big)
      },
    },
    {
      title: 'copy it back',
      run: async () => {
        await copy(`docker://${context.ref('big')}`, `oci:${context.path('back')}:v1`)
        return context.layoutHolds(context.path('back'), big)
      },
    },
    {
      title: 'copy it to another repository (mount)',
      run: async () => {
        await copy(`docker://${context.ref('big')}`, `docker://${context.ref('other')}`)
        return context.holds('other', 'v1', big)
      },
    },
    {
      title: 'copy an index of three platforms in and back',
      run: async () => {
        await copy(`oci:${index.dir}:v1`, `docker://${context.ref('index')}`, true)
        await context.holds('index', 'v1', index)
        await copy(`docker://${context.ref('index')}`, `oci:${context.path('index')}:v1`, true)
        return context.layoutHolds(context.path('index'), index)
      },
    },
    {
      title: 'copy in as a Docker manifest and back',
      run: async () => {
        const ref = `docker://${context.ref('schema2')}`
        await skopeo(
          ...['copy', '--format', 'v2s2', '--dest-tls-verify=false'],
          ...[`oci:${index.dir}:v1`, ref],
        )
        const { type } = await context.wire.manifest(context.repo('schema2'), 'v1')
        same(type, 'application/vnd.docker.distribution.manifest.v2+json', 'its type')
        await copy(ref, `dir:${context.path('schema2')}`)
        const { blobs } = await context.wire.checkImage(context.repo('schema2'), 'v1')
        return `${blobs} blobs`
      },
    },
    {
      title: 'inspect',
      run: async () => {
        const ref = `docker://${context.ref('big')}`
        const raw = await skopeo('inspect', '--raw', '--tls-verify=false', ref)
        same(raw, await readFile(big.layout.path(big.root.digest), 'utf8'), 'the manifest')
        const told = JSON.parse(await skopeo('inspect', '--tls-verify=false', ref))
        same(told.Digest, big.root.digest, 'the digest')
        same(told.RepoTags, ['v1'], 'the tags')
      },
    },
    {
      title: 'list tags',
      run: async () => {
        for (const tag of ['v2', 'latest']) {
          await copy(`docker://${context.ref('big')}`, `docker://${context.ref('big', tag)}`)
        }
        const repo = `docker://${context.host}/${context.repo('big')}`
        const { Tags } = JSON.parse(await skopeo('list-tags', '--tls-verify=false', repo))
        same(Tags, ['latest', 'v1', 'v2'], 'the tags')
      },
    },
    {
      title: 'delete',
      run: async () => {
        const ref = `docker://${context.ref('other')}`
        await skopeo('delete', '--tls-verify=false', ref)
        await fails(() => skopeo('inspect', '--tls-verify=false', ref), 'it is still there')
        contains(
          await skopeo('inspect', '--raw', '--tls-verify=false', `docker://${context.ref('big')}`),
          'layers',
        )
      },
    },
  ]
}
