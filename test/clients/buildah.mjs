import { containersSteps } from './containers.mjs'
import { versionOf } from './runner.mjs'

export const name = 'buildah'

/** @returns {string | null} */
export function find() {
  return versionOf(['buildah', '--version'])
}

/**
 * @param {import('./context.mjs').Context} context
 * @returns {Promise<import('./runner.mjs').Step[]>}
 */
export async function steps(context) {
  const { steps } = await containersSteps('buildah', context)
  return steps
}
