import type { EventKind } from '../event-names.ts'
import type { WebhookEvent } from '../webhook-event.ts'
import type { Format } from './format.ts'

/**
 * Harbor's word for each event. It has webhooks for artifacts alone; `DELETE_TAG` and `DELETE_REPOSITORY` are what its
 * audit log calls the others. What comes back is there to be deployed, as after a push.
 */
const types: ReadonlyMap<EventKind, string> = new Map([
  ['manifest-pushed', 'PUSH_ARTIFACT'],
  ['manifest-restored', 'PUSH_ARTIFACT'],
  ['tag-restored', 'PUSH_ARTIFACT'],
  ['manifest-pulled', 'PULL_ARTIFACT'],
  ['manifest-deleted', 'DELETE_ARTIFACT'],
  ['tag-deleted', 'DELETE_TAG'],
  ['repository-deleted', 'DELETE_REPOSITORY'],
])

/**
 * Harbor's default payload. As Harbor does, it names the digest as the tag where there is no tag, and the first tag of
 * a manifest that is deleted.
 */
export const harbor: Format = {
  contentType: 'application/json',
  tells: new Set(types.keys()),
  write(event, registry) {
    const { kind, time, by, repository } = event
    const resources = resourcesOf(event, registry)
    return {
      type: types.get(kind),
      occur_at: Math.floor(time / 1000),
      operator: by ?? 'anonymous',
      event_data: {
        ...(resources.length === 0 ? {} : { resources }),
        repository: {
          ...partsOf(repository),
          repo_full_name: repository,
          // Whether anyone may pull is for the access policy to say, and may depend on the tag.
          repo_type: 'private',
        },
      },
    }
  },
}

function resourcesOf({ tag, tags, digest, repository }: WebhookEvent, registry: string): object[] {
  if (digest === undefined) return []
  const named = tag ?? tags?.[0]
  const place = `${registry}/${repository}`
  const resource_url = named === undefined ? `${place}@${digest}` : `${place}:${named}`
  return [{ digest, tag: named ?? digest, resource_url }]
}

/** Harbor's project is the first segment. */
function partsOf(repository: string): { readonly name: string; readonly namespace: string } {
  const at = repository.indexOf('/')
  if (at === -1) return { name: repository, namespace: '' }
  return { name: repository.slice(at + 1), namespace: repository.slice(0, at) }
}
