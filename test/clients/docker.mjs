import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { loginSteps } from './login.mjs'
import { contains, same, until, versionOf, which } from './runner.mjs'

export const name = 'docker'

/** @returns {string | null} */
export function find() {
  return which('docker') === null ? null : versionOf(['dockerd', '--version'])
}

/**
 * A daemon of our own: its folders, its socket, no bridge and no firewall rules.
 * @param {import('./context.mjs').Context} context
 * @returns {Promise<((...args: string[]) => Promise<string>) & {
 *   withInput: (input: string, ...args: string[]) => Promise<string>
 * }>} runs the command line tool
 */
export async function startDocker(context) {
  const socket = `unix://${context.path('d.sock')}`
  const exec = await context.folder('exec')
  context.defer(() => {
    try {
      execFileSync('umount', [`${exec}/netns/default`], { stdio: 'ignore' })
    } catch {
      // Some versions release it themselves.
    }
  })
  const daemon = context.daemon('dockerd', [
    ...['--data-root', context.path('root'), '--exec-root', exec, '-p', context.path('pid')],
    ...['-H', socket, '--storage-driver', 'vfs', '--bridge', 'none', '--iptables=false'],
    ...['--ip6tables=false', '--ip-forward=false', '--ip-masq=false', '--userland-proxy=false'],
  ])
  const withInput = (/** @type {string} */ input, /** @type {string[]} */ ...args) =>
    context.run('docker', ['-H', socket, ...args], {
      // BuildKit needs more of the machine than a build from scratch does.
      env: { DOCKER_BUILDKIT: '0', DOCKER_CONFIG: context.path('config') },
      input,
    })
  const docker = Object.assign((/** @type {string[]} */ ...args) => withInput('', ...args), {
    withInput,
  })
  await until(
    () => {
      if (!daemon.alive()) throw new Error(`dockerd ended:\n${daemon.said().slice(-2000)}`)
      return docker('version').then(
        () => true,
        () => false,
      )
    },
    'dockerd answers',
    60,
  )
  return docker
}

/**
 * @param {import('./context.mjs').Context} context
 * @returns {Promise<import('./runner.mjs').Step[]>}
 */
export async function steps(context) {
  const { big, index } = context.samples
  const docker = await startDocker(context)
  const id = async (/** @type {string} */ image) =>
    (await docker('image', 'inspect', '--format', '{{.Id}}', image)).trim()
  return [
    ...loginSteps(context, {
      login: (user, password) =>
        docker.withInput(password, 'login', '-u', user, '--password-stdin', context.host),
      push: async (ref) => {
        const dir = await context.folder('early')
        await writeFile(`${dir}/Dockerfile`, 'FROM scratch\nLABEL a=b\n')
        await docker('build', '-t', ref, dir)
        await docker('push', ref)
      },
    }),
    {
      title: 'pull a large image',
      run: async () => {
        await context.wire.push(context.repo('big'), 'v1', big)
        contains(await docker('pull', context.ref('big')), big.root.digest)
        const { bytes } = await context.wire.manifest(context.repo('big'), 'v1')
        same(await id(context.ref('big')), JSON.parse(bytes.toString()).config.digest, 'the id')
      },
    },
    {
      title: 'push it to another repository (mount)',
      run: async () => {
        await docker('tag', context.ref('big'), context.ref('again'))
        const said = await docker('push', context.ref('again'))
        const found = await context.wire.checkImage(context.repo('again'), 'v1')
        contains(said, found.digest)
        return `${found.blobs} blobs, ${said.includes('Mounted from') ? 'mounted' : 'sent again'}`
      },
    },
    {
      title: 'build, push, remove and pull back by digest',
      run: async () => {
        const dir = await context.folder('context')
        await writeFile(`${dir}/hello`, 'hello from docker\n')
        await writeFile(`${dir}/Dockerfile`, 'FROM scratch\nCOPY hello /hello\nLABEL a=b\n')
        await docker('build', '-t', context.ref('built'), dir)
        const built = await id(context.ref('built'))
        const said = await docker('push', context.ref('built'))
        const found = await context.wire.checkImage(context.repo('built'), 'v1')
        contains(said, found.digest)
        await docker('rmi', '--force', built)
        const ref = context.ref('built', found.digest)
        await docker('pull', ref)
        same(await id(ref), built, 'the image id')
      },
    },
    {
      title: 'push every tag of a repository',
      run: async () => {
        for (const tag of ['a', 'b', 'c']) {
          await docker('tag', context.ref('big'), context.ref('many', tag))
        }
        await docker('push', '--all-tags', `${context.host}/${context.repo('many')}`)
        for (const tag of ['a', 'b', 'c']) await context.wire.checkImage(context.repo('many'), tag)
      },
    },
    {
      title: 'pull another platform of an index',
      run: async () => {
        await context.wire.push(context.repo('index'), 'v1', index)
        await docker('pull', '--platform', 'linux/arm64', context.ref('index'))
        const format = '{{.Architecture}}'
        const told = await docker('image', 'inspect', '--format', format, context.ref('index'))
        same(told.trim(), 'arm64', 'the platform')
      },
    },
    {
      title: 'create a manifest list across repositories, push and inspect it',
      run: async () => {
        const list = context.ref('list')
        const [one, two] = [context.ref('again'), context.ref('built')]
        await docker('manifest', 'create', '--insecure', list, one, two)
        await docker('manifest', 'annotate', '--arch', 'arm64', list, two)
        await docker('manifest', 'push', '--insecure', list)
        const found = await context.wire.checkImage(context.repo('list'), 'v1')
        contains(await docker('manifest', 'inspect', '--insecure', list), 'arm64')
        return `${found.blobs} blobs`
      },
    },
  ]
}
