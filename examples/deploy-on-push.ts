// Deploys on push: whenever the tag `production` of a repository moves, a hook is called.
import { createRegistry, type Registry, type RegistryEvent } from 'layerdock'

/** Starts an image: `team/app@sha256:…`. A digest, as the tag may move again before it is pulled. */
type Deploy = (image: string) => Promise<void>

/**
 * Calls `deploy` when `tag` moves: for one repository one call at a time, the newest image last, those
 * in between not at all. Events are lost when the process ends: a program that must not miss a push
 * asks `service.statManifest` for the tag when it starts.
 */
export function deployOnPush(tag: string, deploy: Deploy): (event: RegistryEvent) => Promise<void> {
  const newest: Map<string, string> = new Map()
  return async (event) => {
    if (event.kind !== 'tag-moved' || event.tag !== tag) return
    const { repository, digest } = event
    const isDeploying = newest.has(repository)
    newest.set(repository, digest)
    if (isDeploying) return
    let failure: unknown = null
    for (let last = ''; last !== newest.get(repository); ) {
      last = newest.get(repository) ?? ''
      failure = await deploy(`${repository}@${last}`).then(() => null, String)
    }
    newest.delete(repository)
    // The push is done in any case: this becomes a notice.
    if (failure !== null) throw new Error(`deploying ${repository}: ${failure}`)
  }
}

async function callHook(image: string): Promise<void> {
  const hook = process.env.DEPLOY_HOOK ?? 'http://127.0.0.1:9000/deploy'
  const { ok, status } = await fetch(hook, { method: 'POST', body: image })
  if (!ok) throw new Error(`the hook answered ${status}`)
}
export const registry: Registry = createRegistry({
  onEvent: deployOnPush('production', callHook),
  onNotice: (notice) => process.stderr.write(`${notice.kind}\n`),
})
