import { writeFile } from 'node:fs/promises'
import { sha256 } from './bytes.mjs'
import { loginSteps } from './login.mjs'
import { contains, same, until, versionOf, which } from './runner.mjs'

export const name = 'containerd'

/** @returns {string | null} */
export function find() {
  return which('ctr') === null ? null : versionOf(['containerd', '--version'])
}

/**
 * A daemon of our own, with its folders and its socket.
 * @param {import('./context.mjs').Context} context
 * @returns {Promise<(...args: string[]) => Promise<string>>} runs the command line tool
 */
export async function startContainerd(context) {
  const socket = context.path('c.sock')
  await writeFile(
    context.path('config.toml'),
    [
      'version = 2',
      `root = "${context.path('root')}"`,
      `state = "${context.path('state')}"`,
      'disabled_plugins = ["io.containerd.grpc.v1.cri"]',
      '[grpc]',
      `address = "${socket}"`,
      '[ttrpc]',
      `address = "${socket}.ttrpc"`,
      '',
    ].join('\n'),
  )
  const daemon = context.daemon('containerd', ['--config', context.path('config.toml')])
  const ctr = (/** @type {string[]} */ ...args) => context.run('ctr', ['-a', socket, ...args])
  await until(() => {
    if (!daemon.alive()) throw new Error(`containerd ended:\n${daemon.said()}`)
    return ctr('version').then(
      () => true,
      () => false,
    )
  }, 'containerd answers')
  return ctr
}

/**
 * @param {import('./context.mjs').Context} context
 * @returns {Promise<import('./runner.mjs').Step[]>}
 */
export async function steps(context) {
  const { big, index } = context.samples
  const ctr = await startContainerd(context)
  const { login } = context
  const user = login === null ? [] : ['--user', `${login.user}:${login.password}`]
  const pull = (/** @type {string[]} */ ...args) =>
    ctr('images', 'pull', '--plain-http', ...user, '--snapshotter', 'native', ...args)
  return [
    ...loginSteps(context, {
      login: null,
      push: async (ref) => {
        await context.wire.push(context.repo('small'), 'v1', index)
        await pull('--all-platforms', context.ref('small'))
        await ctr('images', 'push', '--plain-http', ...user, ref, context.ref('small'))
      },
    }),
    {
      title: 'pull a large image',
      run: async () => {
        await context.wire.push(context.repo('big'), 'v1', big)
        await pull(context.ref('big'))
        contains(await ctr('images', 'ls', `name==${context.ref('big')}`), big.root.digest)
        contains(await ctr('images', 'check'), 'complete')
      },
    },
    {
      title: 'push it to another repository',
      run: async () => {
        await ctr(
          'images',
          'push',
          '--plain-http',
          ...user,
          context.ref('again'),
          context.ref('big'),
        )
        return context.holds('again', 'v1', big)
      },
    },
    {
      title: 'pull an index of three platforms whole, and push it',
      run: async () => {
        await context.wire.push(context.repo('index'), 'v1', index)
        await pull('--all-platforms', context.ref('index'))
        await ctr(
          'images',
          'push',
          '--plain-http',
          ...user,
          context.ref('listed'),
          context.ref('index'),
        )
        return context.holds('listed', 'v1', index)
      },
    },
    {
      title: 'forget it and pull by digest',
      run: async () => {
        await ctr('images', 'rm', '--sync', context.ref('big'))
        await pull(context.ref('again', big.root.digest))
        const listed = await ctr('images', 'ls', '-q')
        contains(listed, context.ref('again', big.root.digest))
        const held = await ctr('content', 'ls', '-q')
        const { bytes } = await context.wire.manifest(context.repo('again'), 'v1')
        for (const { digest } of JSON.parse(bytes.toString()).layers) contains(held, digest)
      },
    },
    {
      title: 'read a blob from its store and compare it',
      run: async () => {
        const { bytes } = await context.wire.manifest(context.repo('again'), 'v1')
        const { digest } = JSON.parse(bytes.toString()).config
        const text = await ctr('content', 'get', digest)
        same(sha256(text), digest, 'the config')
      },
    },
  ]
}
