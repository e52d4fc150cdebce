import type { AssembledRegistry } from '../assembled-registry.ts'
import type { Access } from '../ports/access.ts'
import type { UiText } from './text.ts'

/** What the page needs of a registry: what `createRegistry` and `assembleRegistry` make has it. */
export type UiRegistry = Pick<AssembledRegistry, 'fetch' | 'observed' | 'service' | 'answerWith'>

/** How a registry does, for those who may know it. Everything but `health` can be left away. */
export interface UiStatus {
  /** Of the server, such as `0.3.0`. */
  readonly version?: string
  readonly health: 'ok' | 'degraded' | 'read-only' | 'draining' | 'starting'
  /** Why it is not `ok`, in words. */
  readonly reasons?: readonly string[]
  /** Bytes in the store. */
  readonly storedBytes?: number
  /** Uploads that are not finished, and what they hold. */
  readonly uploads?: { readonly sessions: number; readonly bytes: number }
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
  /** Whether the page offers to delete. Default: true. */
  readonly deletes?: boolean
  /** How the registry does. Asked for the home page; one that rejects is left away. */
  readonly status?: () => Promise<UiStatus>
  /** 32 random bytes that all nodes of a registry have, for sessions. Default: bytes of the process. */
  readonly sessionSecret?: Uint8Array
  /** How long a session lasts, in milliseconds. Default: 12 hours. */
  readonly sessionMs?: number
  /** Another language. Default: English. */
  readonly text?: UiText
  /** Milliseconds since the epoch. Default: `Date.now`. */
  readonly clock?: () => number
}
