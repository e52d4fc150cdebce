// How each real client pushes one image and pulls one back, in a single command, with the retries that it has.
import { createWriteStream } from 'node:fs'
import { readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { tar } from './bytes.mjs'
import * as containerd from './containerd.mjs'
import { startContainerd } from './containerd.mjs'
import * as crane from './crane.mjs'
import * as docker from './docker.mjs'
import { startDocker } from './docker.mjs'
import * as oras from './oras.mjs'
import * as regctl from './regctl.mjs'
import * as skopeo from './skopeo.mjs'

/**
 * An image in a layout, to be pushed.
 * @typedef {object} Image
 * @property {import('./image.mjs').Sample} sample
 * @property {string} name that no other image of the client has
 */

/**
 * What a client does. Both reject when the command fails.
 * @typedef {object} Opened
 * @property {(image: Image, ref: string) => Promise<string>} push resolves with the digest that the name has now
 * @property {(ref: string, digest: string) => Promise<void>} pull all that the digest names, none of it from a cache
 */

/**
 * @typedef {object} ClusterClient
 * @property {string} name
 * @property {string} retries what it repeats by itself
 * @property {() => string | null} find its version
 * @property {(context: import('./context.mjs').Context) => Promise<Opened> | Opened} open
 */

/**
 * Checks that a layout has the manifest, and throws the layout away.
 * @param {string} dir
 * @param {string} digest
 */
async function took(dir, digest) {
  await stat(join(dir, 'blobs', ...digest.split(':')))
  await rm(dir, { recursive: true })
}

/** @type {readonly ClusterClient[]} */
export const clusterClients = [
  {
    name: 'docker',
    retries: 'each layer up to five times; config and manifest never',
    find: docker.find,
    async open(context) {
      const run = await startDocker(context)
      return {
        async push({ sample, name }, ref) {
          // This daemon loads no layouts: the image is made of what is in the largest layer.
          const file = context.path(`${name}.tar`)
          const size = (await stat(sample.layout.path(await largestLayer(sample)))).size
          const content = [await readFile(sample.layout.path(await largestLayer(sample)))]
          await pipeline(
            Readable.from(tar([{ path: name, size, content }])),
            createWriteStream(file),
          )
          await run('import', file, ref)
          await rm(file)
          const digest = /digest: (sha256:[0-9a-f]{64})/.exec(await run('push', ref))?.[1]
          if (digest === undefined) throw new Error('docker push told no digest')
          return digest
        },
        async pull(ref, digest) {
          const repo = ref.slice(0, ref.lastIndexOf(':'))
          await run('image', 'prune', '--all', '--force')
          await run('pull', `${repo}@${digest}`)
        },
      }
    },
  },
  {
    name: 'containerd',
    retries: 'reads that break off; pushes never',
    find: containerd.find,
    async open(context) {
      const ctr = await startContainerd(context)
      return {
        async push({ sample, name }, ref) {
          const file = context.path(`${name}.tar`)
          await context.run('tar', ['-C', sample.dir, '-cf', file, '.'])
          await ctr('images', 'import', '--no-unpack', '--base-name', `local/${name}`, file)
          await rm(file)
          await ctr('images', 'push', '--plain-http', ref, `local/${name}:v1`)
          return sample.root.digest
        },
        async pull(ref, digest) {
          const held = (await ctr('images', 'ls', '-q')).split('\n').filter((line) => line !== '')
          if (held.length > 0) await ctr('images', 'rm', '--sync', ...held)
          const repo = ref.slice(0, ref.lastIndexOf(':'))
          await ctr('content', 'fetch', '--plain-http', `${repo}@${digest}`)
        },
      }
    },
  },
  {
    name: 'skopeo',
    retries: 'the whole copy, with --retry-times 5',
    find: skopeo.find,
    open(context) {
      const copy = (/** @type {string[]} */ ...args) =>
        context.run('skopeo', ['--insecure-policy', 'copy', '--retry-times', '5', ...args])
      return {
        async push({ sample }, ref) {
          await copy('--dest-tls-verify=false', `oci:${sample.dir}:v1`, `docker://${ref}`)
          return sample.root.digest
        },
        async pull(ref, digest) {
          const to = context.path('pulled')
          await rm(to, { recursive: true, force: true })
          await copy('--src-tls-verify=false', `docker://${ref}`, `oci:${to}:v1`)
          await took(to, digest)
        },
      }
    },
  },
  {
    name: 'crane',
    retries: 'each request and each upload, three times',
    find: crane.find,
    open(context) {
      const run = (/** @type {string[]} */ ...args) => context.run('crane', ['--insecure', ...args])
      return {
        async push({ sample }, ref) {
          await run('push', sample.dir, ref)
          return sample.root.digest
        },
        async pull(ref, digest) {
          const to = context.path('pulled')
          await rm(to, { recursive: true, force: true })
          await run('pull', '--format', 'oci', ref, to)
          await took(to, digest)
        },
      }
    },
  },
  {
    name: 'oras',
    retries: 'requests without a body that cannot be read twice, five times',
    find: oras.find,
    open(context) {
      const cp = (/** @type {string[]} */ ...args) => context.run('oras', ['cp', ...args])
      return {
        async push({ sample }, ref) {
          await cp('--from-oci-layout', '--to-plain-http', `${sample.dir}:v1`, ref)
          return sample.root.digest
        },
        async pull(ref, digest) {
          const to = context.path('pulled')
          await rm(to, { recursive: true, force: true })
          await cp('--from-plain-http', '--to-oci-layout', ref, `${to}:v1`)
          await took(to, digest)
        },
      }
    },
  },
  {
    name: 'regctl',
    retries: 'each request, up to five times',
    find: regctl.find,
    async open(context) {
      const env = { REGCTL_CONFIG: context.path('regctl.json') }
      const run = (/** @type {string[]} */ ...args) => context.run('regctl', args, { env })
      await run('registry', 'set', '--skip-check', '--tls', 'disabled', context.host)
      return {
        async push({ sample }, ref) {
          await run('image', 'copy', `ocidir://${sample.dir}:v1`, ref)
          return sample.root.digest
        },
        async pull(ref, digest) {
          const to = context.path('pulled')
          await rm(to, { recursive: true, force: true })
          await run('image', 'copy', ref, `ocidir://${to}:v1`)
          await took(to, digest)
        },
      }
    },
  },
]

/** @param {import('./image.mjs').Sample} sample @returns {Promise<string>} its digest */
async function largestLayer({ layout, root }) {
  const { layers } = JSON.parse(await readFile(layout.path(root.digest), 'utf8'))
  return layers.sort((/** @type {any} */ a, /** @type {any} */ b) => b.size - a.size)[0].digest
}
