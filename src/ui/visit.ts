import type { SealedCursors } from '../http/sealed-cursor.ts'
import type { RegistryService } from '../ports/registry-service.ts'
import type { Facts, SharedFacts } from './facts/facts.ts'
import type { Html } from './html.ts'
import type { LiveViews } from './live/live-views.ts'
import type { Form } from './negotiate.ts'
import type { UiOptions, UiRegistry, UiStatus } from './options.ts'
import type { PageContext } from './page.ts'
import type { UiPaths } from './paths.ts'
import type { LateSessions } from './session/late-sessions.ts'
import type { UiText } from './text.ts'
import type { FindViewer, Viewer } from './viewer.ts'

/** What all requests of one page share. */
export interface UiDeps {
  readonly registry: UiRegistry
  readonly service: RegistryService
  readonly options: UiOptions
  readonly title: string
  readonly text: UiText
  readonly paths: UiPaths
  /** What is known of manifests and configs by their digest. */
  readonly facts: SharedFacts
  readonly findViewer: FindViewer
  /** Null where there is no access control. */
  readonly sessions: LateSessions | null
  /** Cursors that do not tell what a viewer may not know. */
  readonly cursors: SealedCursors
  /** Whether deleting is offered at all. */
  readonly deletes: boolean
  /** How long what is deleted can be brought back, in milliseconds; 0 where it cannot, null where that is not known. */
  readonly trashMs: number | null
  /** What tells open views of changes; null where they learn of none. */
  readonly live: LiveViews | null
  /** What stands before the page in public paths; empty for nothing. */
  readonly prefix: string
  /** The part of that which requests arrive without. */
  readonly stripped: string
  /** How the registry does; null where that is not known. Never rejects. */
  readonly status: () => Promise<UiStatus | null>
  /** Milliseconds since the epoch. */
  readonly clock: () => number
}

/** One request to the page. */
export interface Visit {
  readonly request: Request
  /** As it arrived, with known parameters alone: its path may lack what the server around the page cut off. */
  readonly url: URL
  readonly context: object | undefined
  readonly deps: UiDeps
  readonly viewer: Viewer
  readonly form: Form
  /** What is known of manifests and configs, as far as one view reads them. */
  readonly facts: Facts
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Against cross-site requests: goes into every form that changes something. Null where there is no session. */
  readonly csrf: string | null
}

/** A view with its data, before it is known in which form it is sent. */
export interface Shown {
  readonly title: string
  /** What is sent where JSON is asked for: plain values. */
  readonly data: unknown
  readonly body: (page: PageContext) => Html
  /** Default: 200. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
}

/** What a route answers with. */
export type Answer = Response | Shown

/**
 * Puts a view and its data together.
 *
 * @param view draws nothing but what is in `data` and the page's context
 */
export function shown<T>(
  title: string,
  data: T,
  view: (data: T, page: PageContext) => Html,
  more: Pick<Shown, 'status' | 'headers'> = {},
): Shown {
  return { title, data, body: (page) => view(data, page), ...more }
}
