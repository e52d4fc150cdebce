import type { Access } from '../../../src/index.ts'
import { loadEveryView } from '../../../src/ui/every-view.ts'
import { createUi, type Ui, type UiStatus } from '../../../src/ui/index.ts'
import { asksForLogin } from '../access-settings.ts'
import type { Condition } from '../front.ts'
import type { Opened } from '../open-registry.ts'
import type { Settings } from '../settings.ts'
import { version } from '../version.ts'
import type { LastCollection } from './last-collection.ts'
import { sessionSecret } from './session-secret.ts'
import { storedBytes } from './stored-bytes.ts'

/** What the page of a server is made of. */
export interface PageDeps {
  readonly settings: Settings
  readonly opened: Opened
  /** Null where everyone may do everything. */
  readonly access: Access | null
  readonly lastCollection: () => LastCollection | null
  /** How the server does. Never rejects. */
  readonly condition: () => Promise<Condition>
}

/** How often changes of other nodes are looked for, in milliseconds, while a view of the page is open. */
const lookMs = 3_000

/** Makes the web page of a server. @throws Error when the secret of sessions cannot be read. */
export async function servedPage(deps: PageDeps): Promise<Ui> {
  const { settings, opened, access, condition, lastCollection } = deps
  const { registry, stores } = opened
  await loadEveryView()
  const stored = storedBytes(stores.metadata)
  const startedAt = Math.round(Date.now() - performance.now())

  async function status(): Promise<UiStatus> {
    const [{ health, reasons }, staged, bytes] = await Promise.all([
      condition(),
      stores.uploads.stagedBytes(null).catch(() => null),
      stored(),
    ])
    const sessions = opened.uploads?.()
    const last = lastCollection()
    return {
      version: version(),
      health: health === 'ok' && settings.readOnly ? 'read-only' : health,
      reasons,
      startedAt,
      ...(bytes === null ? {} : { storedBytes: bytes }),
      ...(staged === null
        ? {}
        : { uploads: { bytes: staged.total, ...(sessions === undefined ? {} : { sessions }) } }),
      ...(last === null ? {} : { lastCollection: last }),
    }
  }

  return createUi(registry, {
    ...(access === null ? {} : { access }),
    // A certificate, or a proxy, says who the caller is with each request.
    login: settings.htpasswd !== null || settings.policy !== null,
    ...(asksForLogin(settings)
      ? { sessionSecret: await sessionSecret(opened.note('page-session'), settings.readOnly) }
      : {}),
    // Other nodes have the same stores.
    ...(opened.turns === undefined ? {} : { lookMs }),
    title: settings.pageTitle,
    deletes: settings.deletes && !settings.readOnly,
    sessionMs: settings.pageSession,
    status,
  })
}
