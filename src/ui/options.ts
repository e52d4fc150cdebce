import type { AssembledRegistry } from '../assembled-registry.ts'
import type { Access } from '../ports/access.ts'
import type { UiText } from './text.ts'

/** What the page needs of a registry: what `createRegistry` and `assembleRegistry` make has it. */
export type UiRegistry = Pick<AssembledRegistry, 'fetch' | 'observed' | 'service' | 'answerWith'> &
  Partial<Pick<AssembledRegistry, 'subscribe' | 'trashMs' | 'takes'>>

/** How a registry does, for those who may know it. Everything but `health` can be left away. */
export interface UiStatus {
  /** Of the server, such as `0.3.0`. */
  readonly version?: string
  readonly health: 'ok' | 'degraded' | 'read-only' | 'draining' | 'starting'
  /** Why it is not `ok`, in words. */
  readonly reasons?: readonly string[]
  /** Bytes in the store. */
  readonly storedBytes?: number
  /** Uploads that are not finished, how many where that is known, and what they hold. */
  readonly uploads?: { readonly sessions?: number; readonly bytes: number }
  /** When garbage was last collected, in milliseconds since the epoch, and what that freed. */
  readonly lastCollection?: { readonly at: number; readonly freedBytes: number }
  /** When the server started, in milliseconds since the epoch. */
  readonly startedAt?: number
}

/** How the page is served. */
export interface UiOptions {
  /** The same that the registry has. Default: everybody may do everything. */
  readonly access?: Access
  /** What stands before the page in public paths, such as `/registry`; as the registry's. Default: nothing. */
  readonly prefix?: string
  /** What the server around it cuts off the public path before it asks; as the registry's. Default: nothing. */
  readonly stripped?: string
  /** What the registry is called at the top of each page. Default: Layerdock. */
  readonly title?: string
  /** Whether the page offers to delete. Default: whether the registry takes deletions. */
  readonly deletes?: boolean
  /**
   * Whether there is a form to log in, with a user name and a password or token. Default: where there is `access`. Say
   * false where callers are known by something else alone: a certificate, a proxy, sessions of the host application.
   */
  readonly login?: boolean
  /**
   * Whether pushes appear in views that are open. Default: where the registry tells events. Say false where no
   * connection can stay open.
   */
  readonly live?: boolean
  /**
   * Where several nodes share the registry, or requests share no process: how often to look whether others have changed
   * what a view shows while it is open, in milliseconds, such as 3000. Default: never.
   */
  readonly lookMs?: number
  /** How the registry does. Asked for the home page; one that rejects is left away. */
  readonly status?: () => Promise<UiStatus>
  /**
   * 32 random bytes that all nodes of a registry have. The cookie of a session holds the credentials, sealed with it, so
   * who knows it can read them from a cookie. Default: bytes of the process, so sessions end with it.
   */
  readonly sessionSecret?: Uint8Array
  /** How long a session lasts after the last view, in milliseconds. Default: 12 hours. */
  readonly sessionMs?: number
  /** Another language. Default: English. */
  readonly text?: UiText
  /** Milliseconds since the epoch. Default: `Date.now`. */
  readonly clock?: () => number
}
