import type { TagPattern } from '../access/policy/tag-pattern.ts'
import type { FormatName } from './document.ts'
import type { EventKind } from './event-names.ts'
import type { Secret } from './secret.ts'

/** A receiver whose settings were read and are right. Times in milliseconds. */
export interface Endpoint {
  readonly name: string
  readonly url: Secret
  /** The scheme and host of its URL: what may be shown. */
  readonly origin: string
  readonly format: FormatName
  readonly isAbout: (repository: string) => boolean
  readonly events: ReadonlySet<EventKind>
  /** Null where tags do not matter. */
  readonly tags: readonly TagPattern[] | null
  /** None: nothing is signed. */
  readonly secrets: readonly Secret[]
  readonly headers: ReadonlyMap<string, Secret>
  readonly timeoutMs: number
  readonly concurrency: number
  readonly allowPrivate: boolean
  /** Null: the authorities of the system alone. */
  readonly ca: Secret | null
}

/** Webhooks that were read and are right. {@link parseWebhooks} makes them. */
export interface WebhookSettings {
  /** The host that clients name. */
  readonly registry: string
  readonly endpoints: readonly Endpoint[]
}
