import type { EventSink, RegistryEvent } from '../../src/index.ts'
import type { Entries } from './log.ts'
import { plain } from './plain-text.ts'

/** Logs what changed. A push of an image is one line; its blobs and moved tags are debug lines. */
export function logEvents(log: Entries): EventSink {
  return (event) => {
    const { level, msg } = lines[event.kind]
    if (!log.isLevelEnabled(level)) return
    const { requestId, repository, trace } = event
    const of = { by: byOf(event), requestId, traceId: trace?.traceId }
    log[level]({ event: event.kind, repository, ...detailsOf(event), ...of }, msg)
  }
}

const lines: Readonly<
  Record<RegistryEvent['kind'], { readonly level: 'info' | 'debug'; readonly msg: string }>
> = {
  'manifest-pushed': { level: 'info', msg: 'pushed' },
  'manifest-deleted': { level: 'info', msg: 'deleted' },
  'tag-moved': { level: 'debug', msg: 'moved' },
  'tag-deleted': { level: 'info', msg: 'untagged' },
  'blob-pushed': { level: 'debug', msg: 'blob pushed' },
  'blob-mounted': { level: 'debug', msg: 'blob mounted' },
  'blob-deleted': { level: 'info', msg: 'blob deleted' },
  'repository-deleted': { level: 'info', msg: 'repository deleted' },
  'manifest-restored': { level: 'info', msg: 'restored' },
  'tag-restored': { level: 'info', msg: 'tag restored' },
  'blob-restored': { level: 'info', msg: 'blob restored' },
  'repository-restored': { level: 'info', msg: 'repository restored' },
  'manifest-pulled': { level: 'debug', msg: 'pulled' },
  'blob-pulled': { level: 'debug', msg: 'blob pulled' },
}

/** A push may set as many tags as a request has room for; a line names the first. */
const namedTags = 10

function detailsOf(event: RegistryEvent): object {
  switch (event.kind) {
    case 'manifest-pushed': {
      const { tags, digest, size, contentSize, mediaType } = event
      // What a person calls the size of an image.
      const whole = size + contentSize
      return { ...tagsOf(tags, tags.length), digest, size: whole, mediaType }
    }
    case 'manifest-deleted':
    case 'manifest-restored':
      return { ...tagsOf(event.tags, event.tagCount), digest: event.digest }
    case 'tag-moved':
      return { tags: [event.tag], digest: event.digest, previous: event.previous ?? undefined }
    case 'tag-deleted':
    case 'tag-restored':
      return { tags: [event.tag], digest: event.digest }
    case 'manifest-pulled':
      return { tags: event.tag === undefined ? [] : [event.tag], digest: event.digest }
    case 'blob-pushed':
    case 'blob-pulled':
      return { digest: event.digest, size: event.size }
    case 'blob-mounted':
      return { digest: event.digest, size: event.size, from: event.from }
    case 'blob-deleted':
    case 'blob-restored':
      return { digest: event.digest }
    case 'repository-deleted':
    case 'repository-restored':
      return { manifests: event.manifests, tagCount: event.tags }
  }
}

function tagsOf(tags: readonly string[], count: number): object {
  const named = tags.slice(0, namedTags)
  return count > named.length ? { tags: named, tagCount: count } : { tags: named }
}

/** Whose doing it was, as far as that is known. */
function byOf({ principal, peer }: RegistryEvent): string | undefined {
  return principal === null ? peer.address : plain(principal.id, 256)
}
