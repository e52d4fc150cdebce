import * as v from 'valibot'
import type { RegistryEvent } from '../ports/events.ts'
import type { TracePlace } from '../ports/tracing.ts'
import { type EventKind, eventKinds } from './event-names.ts'

/** What is kept of an event until it is delivered. What endpoints are told is made of this alone. */
export interface WebhookEvent {
  /** Made once, so that a receiver can drop what it has seen. */
  readonly id: string
  readonly kind: EventKind
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly repository: string
  /** Who did it: the id of the principal; null for an anonymous caller. */
  readonly by: string | null
  readonly requestId: string
  /** The client's IP address; null where it is not known. */
  readonly address: string | null
  /** Whether the client spoke TLS; null where that is not known. */
  readonly secure: boolean | null
  /** The span of its request, as W3C Trace Context writes it; missing where that was not traced. */
  readonly traceparent?: string | undefined
  /** The tag it is about. A push that sets several tags is an event for each. */
  readonly tag?: string | undefined
  readonly digest?: string | undefined
  readonly mediaType?: string | undefined
  readonly artifactType?: string | undefined
  readonly subject?: string | undefined
  /** Of the manifest or blob, in bytes. */
  readonly size?: number | undefined
  /** What a manifest names, in bytes. */
  readonly contentSize?: number | undefined
  /** Whether the repository did not have the manifest before. */
  readonly created?: boolean | undefined
  /** What a tag stood for; null for a new tag. */
  readonly previous?: string | null | undefined
  /** Where a blob was mounted from. */
  readonly from?: string | undefined
  /** The first of the tags that went or came back with it. */
  readonly tags?: readonly string[] | undefined
  readonly tagCount?: number | undefined
  /** How many manifests a repository had. */
  readonly manifests?: number | undefined
}

const text = v.string()
const count = v.number()

const schema: v.GenericSchema<unknown, WebhookEvent> = v.object({
  id: text,
  kind: v.picklist(eventKinds),
  time: count,
  repository: text,
  by: v.nullable(text),
  requestId: text,
  address: v.nullable(text),
  secure: v.nullable(v.boolean()),
  traceparent: v.optional(text),
  tag: v.optional(text),
  digest: v.optional(text),
  mediaType: v.optional(text),
  artifactType: v.optional(text),
  subject: v.optional(text),
  size: v.optional(count),
  contentSize: v.optional(count),
  created: v.optional(v.boolean()),
  previous: v.optional(v.nullable(text)),
  from: v.optional(text),
  tags: v.optional(v.array(text)),
  tagCount: v.optional(count),
  manifests: v.optional(count),
})

/** Reads an event that was kept as text; null where it is none, as of a later version. */
export function parseWebhookEvent(kept: string): WebhookEvent | null {
  try {
    const parsed = v.safeParse(schema, JSON.parse(kept))
    return parsed.success ? parsed.output : null
  } catch {
    return null
  }
}

/** Tags of a deletion or return that are kept. */
const namedTags = 100
/** A media type and the like of a client's manifest, in characters. */
const longestText = 1024

/**
 * The events that endpoints are told of: several for a push that sets several tags, since receivers know events of one
 * tag.
 */
export function webhookEventsOf(event: RegistryEvent): readonly WebhookEvent[] {
  const facts = factsOf(event)
  const tags = splitTags(event)
  if (tags.length === 0) return [{ ...facts, id: crypto.randomUUID() }]
  return tags.map((tag) => ({ ...facts, id: crypto.randomUUID(), tag }))
}

function splitTags(event: RegistryEvent): readonly string[] {
  if (event.kind === 'manifest-pushed') return event.tags
  return event.kind === 'manifest-restored' ? event.tags.slice(0, namedTags) : []
}

function factsOf(event: RegistryEvent): Omit<WebhookEvent, 'id'> {
  const { kind, time, repository, requestId, principal, peer, trace } = event
  return {
    kind,
    time: Math.round(time),
    repository,
    by: principal === null ? null : cut(principal.id),
    requestId: cut(requestId),
    address: peer.address ?? null,
    secure: peer.secure ?? null,
    ...(trace === undefined ? {} : { traceparent: traceparentOf(trace) }),
    ...detailsOf(event),
  }
}

function traceparentOf({ traceId, spanId, isSampled }: TracePlace): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`
}

function detailsOf(event: RegistryEvent): Partial<WebhookEvent> {
  switch (event.kind) {
    case 'manifest-pushed':
      return { ...manifestOf(event), contentSize: event.contentSize, created: event.created }
    case 'manifest-pulled':
      return { ...manifestOf(event), ...(event.tag === undefined ? {} : { tag: event.tag }) }
    case 'manifest-deleted':
      return {
        ...manifestOf(event),
        tags: event.tags.slice(0, namedTags),
        tagCount: event.tagCount,
      }
    case 'manifest-restored':
      return { ...manifestOf(event), tagCount: event.tagCount }
    case 'tag-moved':
      return { tag: event.tag, digest: event.digest, previous: event.previous }
    case 'tag-deleted':
    case 'tag-restored':
      return { tag: event.tag, digest: event.digest }
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

function manifestOf(facts: {
  readonly digest: string
  readonly size: number
  readonly mediaType: string
  readonly artifactType?: string
  readonly subject?: string
}): Partial<WebhookEvent> {
  const { digest, size, mediaType, artifactType, subject } = facts
  return {
    digest,
    size,
    mediaType: cut(mediaType),
    ...(artifactType === undefined ? {} : { artifactType: cut(artifactType) }),
    ...(subject === undefined ? {} : { subject: cut(subject) }),
  }
}

/** What a client chose, cut. JSON escapes what is not well-formed in it. */
function cut(client: string): string {
  return client.slice(0, longestText)
}
