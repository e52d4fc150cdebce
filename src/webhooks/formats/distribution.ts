import type { EventKind } from '../event-names.ts'
import type { WebhookEvent } from '../webhook-event.ts'
import type { Format } from './format.ts'

type Action = readonly [action: string, method: string]

const actions: ReadonlyMap<EventKind, Action> = new Map<EventKind, Action>([
  ['manifest-pushed', ['push', 'PUT']],
  ['manifest-restored', ['push', 'PUT']],
  ['tag-restored', ['push', 'PUT']],
  ['blob-pushed', ['push', 'PUT']],
  ['blob-restored', ['push', 'PUT']],
  ['blob-mounted', ['mount', 'POST']],
  ['manifest-pulled', ['pull', 'GET']],
  ['blob-pulled', ['pull', 'GET']],
  ['manifest-deleted', ['delete', 'DELETE']],
  ['tag-deleted', ['delete', 'DELETE']],
  ['blob-deleted', ['delete', 'DELETE']],
  ['repository-deleted', ['delete', 'DELETE']],
])

/** The envelope of distribution 2, and of what was written for it, with one event. */
export const distribution: Format = formatOf('application/vnd.docker.distribution.events.v1+json')

/** The same as distribution 3 sends it. */
export const distributionV2: Format = formatOf('application/vnd.docker.distribution.events.v2+json')

function formatOf(contentType: string): Format {
  return {
    contentType,
    tells: new Set(actions.keys()),
    write(event, registry) {
      const { id, kind, time, requestId, address, by } = event
      const [action, method] = actions.get(kind) ?? []
      return {
        events: [
          {
            id,
            timestamp: new Date(time).toISOString(),
            action,
            target: targetOf(event, action ?? '', registry),
            request: {
              id: requestId,
              ...(address === null ? {} : { addr: address }),
              host: registry,
              method,
              // Events do not say it, and receivers expect the key.
              useragent: '',
            },
            actor: by === null ? {} : { name: by },
            source: { addr: registry },
          },
        ],
      }
    },
  }
}

function targetOf(event: WebhookEvent, action: string, registry: string): object {
  const { kind, repository, digest, size, tag } = event
  // As distribution has it: a deletion says what is gone, and nothing of it.
  if (action === 'delete') {
    return kind === 'tag-deleted' ? { repository, tag } : { digest, repository }
  }
  const isBlob = kind.startsWith('blob-')
  const mediaType = event.mediaType ?? (isBlob ? 'application/octet-stream' : undefined)
  const scheme = event.secure === false ? 'http' : 'https'
  return {
    mediaType,
    digest,
    size,
    length: size,
    repository,
    ...(event.from === undefined ? {} : { fromRepository: event.from }),
    url: `${scheme}://${registry}/v2/${repository}/${isBlob ? 'blobs' : 'manifests'}/${digest}`,
    ...(tag === undefined ? {} : { tag }),
  }
}
