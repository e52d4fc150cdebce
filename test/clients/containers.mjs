// buildah and podman share their storage, their flags and most of their commands.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loginSteps } from './login.mjs'
import { contains, same } from './runner.mjs'

/**
 * @param {'buildah' | 'podman'} program
 * @param {import('./context.mjs').Context} context
 * @returns {Promise<{
 *   run: (...args: string[]) => Promise<string>,
 *   steps: import('./runner.mjs').Step[],
 * }>}
 */
export async function containersSteps(program, context) {
  const { big, index } = context.samples
  await writeFile(
    join(await context.folder('.config/containers'), 'policy.json'),
    '{"default":[{"type":"insecureAcceptAnything"}]}',
  )
  const storage = [
    ...['--root', context.path('root'), '--runroot', context.path('runroot')],
    ...['--storage-driver', 'vfs'],
  ]
  const run = (/** @type {string[]} */ ...args) => context.run(program, [...storage, ...args])
  const inspect = {
    buildah: ['inspect', '--type', 'image', '--format', '{{.FromImageID}}'],
    podman: ['inspect', '--type', 'image', '--format', '{{.Id}}'],
  }
  const id = async (/** @type {string} */ image) => (await run(...inspect[program], image)).trim()

  const steps = [
    ...loginSteps(context, {
      login: (user, password) =>
        context.run(
          program,
          ['login', '--tls-verify=false', '-u', user, '--password-stdin', context.host],
          {
            input: password,
          },
        ),
      push: async (ref) => {
        await run('pull', '--tls-verify=false', `oci:${index.dir}:v1`)
        await run('push', '--tls-verify=false', index.root.digest, `docker://${ref}`)
      },
    }),
    {
      title: 'pull a large image',
      run: async () => {
        await context.wire.push(context.repo('big'), 'v1', big)
        await run('pull', '--tls-verify=false', `docker://${context.ref('big')}`)
        const { bytes } = await context.wire.manifest(context.repo('big'), 'v1')
        const config = JSON.parse(bytes.toString()).config.digest
        same(`sha256:${await id(context.ref('big'))}`, config, 'the image id')
      },
    },
    {
      title: 'push it to another repository, pull that by digest',
      run: async () => {
        const digestFile = context.path('digest')
        await run(
          'push',
          '--tls-verify=false',
          '--digestfile',
          digestFile,
          context.ref('big'),
          `docker://${context.ref('again')}`,
        )
        const found = await context.wire.checkImage(context.repo('again'), 'v1')
        const before = await id(context.ref('big'))
        await run('rmi', '--all', '--force')
        await run('pull', '--tls-verify=false', `docker://${context.ref('again', found.digest)}`)
        same(await id(context.ref('again', found.digest)), before, 'the image id')
        return `${found.blobs} blobs, ${(found.bytes / 1e6).toFixed(1)} MB`
      },
    },
    {
      title: 'build, push, remove and pull back',
      run: async () => {
        const dir = await context.folder('context')
        await writeFile(`${dir}/hello`, `hello from ${program}\n`)
        await writeFile(`${dir}/Containerfile`, 'FROM scratch\nCOPY hello /hello\nLABEL a=b\n')
        await run('build', '--isolation', 'chroot', '-t', 'built', dir)
        const built = await id('built')
        await run('push', '--tls-verify=false', 'built', `docker://${context.ref('built')}`)
        await run('rmi', '--all', '--force')
        await run('pull', '--tls-verify=false', `docker://${context.ref('built')}`)
        same(await id(context.ref('built')), built, 'the image id')
        return (await context.wire.checkImage(context.repo('built'), 'v1')).digest.slice(0, 19)
      },
    },
    {
      title: 'assemble and push an index of platforms',
      run: async () => {
        await context.wire.push(context.repo('index'), 'v1', index)
        await run('manifest', 'create', 'listed')
        const add = ['manifest', 'add', '--all', '--tls-verify=false']
        await run(...add, 'listed', `docker://${context.ref('index')}`)
        await run(
          'manifest',
          'push',
          '--tls-verify=false',
          '--all',
          'listed',
          `docker://${context.ref('listed')}`,
        )
        const { bytes } = await context.wire.manifest(context.repo('listed'), 'v1')
        const platforms = JSON.parse(bytes.toString()).manifests
        same(platforms.length, 3, 'its platforms')
        const found = await context.wire.checkImage(context.repo('listed'), 'v1')
        return `${found.blobs} blobs`
      },
    },
    {
      title: 'pull another platform of an index',
      run: async () => {
        await run(
          'pull',
          '--tls-verify=false',
          '--arch',
          'riscv64',
          `docker://${context.ref('index')}`,
        )
        contains(await run('images'), context.repo('index'))
      },
    },
  ]
  return { run, steps }
}
