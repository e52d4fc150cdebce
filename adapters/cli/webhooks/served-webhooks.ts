import type { EventSink, NoticeSink, RegistryOptions } from '../../../src/index.ts'
import type { EndpointFigures } from '../../../src/webhooks/index.ts'
import type { Entries } from '../log.ts'
import type { Opened } from '../open-registry.ts'
import type { Settings } from '../settings.ts'

/** Webhooks in a server. */
export interface ServedWebhooks {
  /** What the registry is opened with. */
  readonly options: Pick<RegistryOptions, 'outbox' | 'pullEvents'>
  /** Hears of pulls, which no outbox keeps. */
  readonly onEvent: EventSink
  /** Begins to deliver what the registry holds. */
  begin(opened: Pick<Opened, 'stores'>): void
  /** Numbers for each endpoint. */
  figures(): readonly EndpointFigures[]
  /** Reads the file and its secrets again; one with a problem changes nothing. */
  reload(): void
  /** Gives back what is not delivered within some seconds. Never rejects. */
  close(): Promise<void>
}

/** The webhooks of the settings, loaded where there are some. @throws CliError for a wrong file. */
export async function webhooksOf(
  settings: Settings,
  { log, onNotice }: { readonly log: Entries; readonly onNotice: NoticeSink },
): Promise<ServedWebhooks | null> {
  const { webhooks: file, readOnly } = settings
  if (file === null) return null
  const { readWebhooksFile } = await import('./webhooks-file.ts')
  if (readOnly) {
    readWebhooksFile(file, settings)
    log.warn({ file }, 'a server with --read-only sends no webhooks, not even of pulls')
    return null
  }
  const { openWebhooks } = await import('./open-webhooks.ts')
  return openWebhooks(file, settings, { log, onNotice })
}

/**
 * Says that messages wait which a server without webhooks does not send. Never rejects: a store that does not answer
 * says so elsewhere.
 */
export async function warnOfUnsent(
  { stores }: Pick<Opened, 'stores'>,
  { readOnly }: Settings,
  log: Entries,
): Promise<void> {
  if (readOnly) return
  const counts = await stores.metadata.outbox?.counts().catch(() => [])
  const left = (counts ?? []).filter(({ waiting }) => waiting > 0)
  if (left.length === 0) return
  const waiting = left.reduce((sum, each) => sum + each.waiting, 0)
  const endpoints = left.slice(0, 10).map(({ endpoint }) => endpoint)
  const advice = 'start it with --webhooks FILE, or forget them with layerdock webhook drop --all'
  log.warn({ waiting, endpoints }, `webhooks wait that this server does not send: ${advice}`)
}
