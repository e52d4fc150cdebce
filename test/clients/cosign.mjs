import { writeFile } from 'node:fs/promises'
import { loginSteps } from './login.mjs'
import { contains, fails, same, versionOf } from './runner.mjs'

export const name = 'cosign'

/** @returns {string | null} */
export function find() {
  return versionOf(['cosign', 'version'], /GitVersion:\s*v?(\S+)/)
}

/**
 * @param {import('./context.mjs').Context} context
 * @returns {Promise<import('./runner.mjs').Step[]>}
 */
export async function steps(context) {
  const { index } = context.samples
  const cosign = (/** @type {string[]} */ ...args) =>
    context.run('cosign', args, { env: { COSIGN_PASSWORD: '', COSIGN_EXPERIMENTAL: '1' } })
  await cosign('generate-key-pair', '--output-key-prefix', 'mine')
  await cosign('generate-key-pair', '--output-key-prefix', 'other')
  const sign = (/** @type {string[]} */ ...args) =>
    cosign(
      ...['sign', '--yes', '--key', 'mine.key', '--tlog-upload=false', '--allow-http-registry'],
      ...args,
    )
  const verify = (/** @type {string} */ key, /** @type {string[]} */ ...args) =>
    cosign(
      ...['verify', '--key', key, '--insecure-ignore-tlog=true', '--allow-http-registry'],
      ...args,
    )
  const { digest } = index.root
  /** Signs what is pushed without cosign, so that a login which does not count is all that can stop it. */
  const signIn = async (/** @type {string} */ ref) => {
    const repo = ref.slice(context.host.length + 1).replace(/:[^:/]*$/, '')
    await context.wire.push(repo, 'v1', index).catch(() => {})
    await sign(`${context.host}/${repo}@${digest}`)
  }
  return [
    ...loginSteps(context, {
      // The command keeps what it is given, so that only signing shows whether it counts.
      login: async (user, password) => {
        await context.run('cosign', ['login', '-u', user, '--password-stdin', context.host], {
          input: password,
        })
        await signIn(context.ref('early'))
      },
      push: signIn,
    }),
    {
      title: 'sign an index, the signature under a tag, and verify it',
      run: async () => {
        await context.wire.push(context.repo('tagged'), 'v1', index)
        await sign(context.ref('tagged', digest))
        contains(await verify('mine.pub', context.ref('tagged', digest)), digest)
        const tag = `${digest.replace(':', '-')}.sig`
        return `${(await context.wire.checkImage(context.repo('tagged'), tag)).blobs} blobs`
      },
    },
    {
      title: 'sign an index, the signature as a referrer, and verify it',
      run: async () => {
        await context.wire.push(context.repo('referred'), 'v1', index)
        const ref = context.ref('referred', digest)
        await sign('--registry-referrers-mode', 'oci-1-1', ref)
        contains(await verify('mine.pub', '--experimental-oci11', ref), digest)
        if (!context.referrersApi) return 'fallback tag'
        const found = await context.wire.referrers(context.repo('referred'), digest)
        same(found?.length, 1, 'what the registry lists')
        return 'referrers API'
      },
    },
    {
      title: 'another key, and an image that was not signed, do not verify',
      run: async () => {
        const ref = context.ref('tagged', digest)
        await fails(() => verify('other.pub', ref), 'another key verified it')
        await context.wire.push(context.repo('unsigned'), 'v1', index)
        const unsigned = context.ref('unsigned', digest)
        await fails(() => verify('mine.pub', unsigned), 'an unsigned image verified')
      },
    },
    {
      title: 'copy an image with its signature',
      run: async () => {
        const plain = ['--allow-http-registry']
        await cosign('copy', ...plain, context.ref('tagged'), context.ref('copied'))
        contains(await verify('mine.pub', context.ref('copied', digest)), digest)
        return context.holds('copied', 'v1', index)
      },
    },
    {
      title: 'attest and verify the attestation',
      run: async () => {
        const ref = context.ref('tagged', digest)
        await writeFile(context.path('predicate.json'), '{"checked":true}')
        await cosign(
          ...['attest', '--yes', '--key', 'mine.key', '--tlog-upload=false'],
          ...['--allow-http-registry', '--predicate', 'predicate.json', ref],
        )
        const told = await cosign(
          ...['verify-attestation', '--key', 'mine.pub', '--insecure-ignore-tlog=true'],
          ...['--allow-http-registry', '--type', 'custom', ref],
        )
        contains(told, 'payload')
      },
    },
  ]
}
