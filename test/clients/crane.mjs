import { open } from 'node:fs/promises'
import { pseudoRandom, tar } from './bytes.mjs'
import { loginSteps } from './login.mjs'
import { contains, fails, same, versionOf } from './runner.mjs'

export const name = 'crane'

/** @returns {string | null} */
export function find() {
  return versionOf(['crane', 'version'])
}

/**
 * @param {import('./context.mjs').Context} context
 * @returns {Promise<import('./runner.mjs').Step[]>}
 */
export async function steps(context) {
  const { big, index } = context.samples
  const crane = (/** @type {string[]} */ ...args) => context.run('crane', ['--insecure', ...args])
  const validate = (/** @type {string} */ ref) => crane('validate', '--remote', ref)
  return [
    ...loginSteps(context, {
      login: (user, password) =>
        context
          .run(
            'crane',
            ['--insecure', 'auth', 'login', '-u', user, '--password-stdin', context.host],
            {
              input: password,
            },
          )
          .then(() => crane('catalog', context.host)),
      push: (ref) => crane('push', '--index', index.dir, ref),
    }),
    {
      title: 'push a large image and validate it',
      run: async () => {
        await crane('push', big.dir, context.ref('big'))
        contains(await validate(context.ref('big')), 'PASS')
        return context.holds('big', 'v1', big)
      },
    },
    {
      title: 'pull it as an OCI layout',
      run: async () => {
        await crane('pull', '--format', 'oci', context.ref('big'), context.path('back'))
        return context.layoutHolds(context.path('back'), big)
      },
    },
    {
      title: 'copy an index between repositories',
      run: async () => {
        await context.wire.push(context.repo('index'), 'v1', index)
        await crane('copy', context.ref('index'), context.ref('copied'))
        contains(await validate(context.ref('copied')), 'PASS')
        return context.holds('copied', 'v1', index)
      },
    },
    {
      title: 'append a layer to nothing, and another to that',
      run: async () => {
        for (const seed of ['one', 'two']) {
          const file = await open(context.path(`${seed}.tar`), 'w')
          const content = pseudoRandom(seed, 70_000)
          for (const chunk of tar([{ path: seed, size: 70_000, content }])) await file.write(chunk)
          await file.close()
        }
        const layer = (/** @type {string} */ seed) => ['-f', context.path(`${seed}.tar`)]
        await crane('append', ...layer('one'), '-t', context.ref('one'), '--oci-empty-base')
        await crane('append', ...layer('two'), '-t', context.ref('two'), '-b', context.ref('one'))
        contains(await validate(context.ref('two')), 'PASS')
        return `${(await context.wire.checkImage(context.repo('two'), 'v1')).blobs} blobs`
      },
    },
    {
      title: 'append images to an index',
      run: async () => {
        const parts = ['-m', context.ref('one'), '-m', context.ref('two')]
        await crane('index', 'append', ...parts, '-t', context.ref('joined'))
        contains(await validate(context.ref('joined')), 'PASS')
        return `${(await context.wire.checkImage(context.repo('joined'), 'v1')).blobs} blobs`
      },
    },
    {
      title: 'digest, manifest, blob, tag, ls and catalog',
      run: async () => {
        same((await crane('digest', context.ref('big'))).trim(), big.root.digest, 'the digest')
        const { bytes } = await context.wire.manifest(context.repo('big'), 'v1')
        same(await crane('manifest', context.ref('big')), bytes.toString(), 'the manifest')
        const { config } = JSON.parse(bytes.toString())
        contains(await crane('blob', context.ref('big', config.digest)), 'layerdock clients')
        await crane('tag', context.ref('big'), 'v2')
        const repo = `${context.host}/${context.repo('big')}`
        same((await crane('ls', repo)).trim().split('\n'), ['v1', 'v2'], 'the tags')
        contains(await crane('catalog', context.host), context.repo('big'))
      },
    },
    {
      title: 'delete',
      run: async () => {
        await crane('delete', context.ref('copied', index.root.digest))
        await fails(() => crane('digest', context.ref('copied')), 'it is still there')
        contains(await validate(context.ref('index')), 'PASS')
      },
    },
  ]
}
