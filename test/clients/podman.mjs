import { containersSteps } from './containers.mjs'
import { contains, versionOf } from './runner.mjs'

export const name = 'podman'

/** @returns {string | null} */
export function find() {
  return versionOf(['podman', '--version'])
}

/**
 * @param {import('./context.mjs').Context} context
 * @returns {Promise<import('./runner.mjs').Step[]>}
 */
export async function steps(context) {
  const { run, steps } = await containersSteps('podman', context)
  return [
    ...steps,
    {
      title: 'list tags and search the catalogue',
      run: async () => {
        const repo = `${context.host}/${context.repo('built')}`
        contains(await run('search', '--tls-verify=false', '--list-tags', repo), 'v1')
        const found = await run('search', '--tls-verify=false', `${context.host}/built`)
        contains(found, context.repo('built'))
      },
    },
  ]
}
