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
    log.warn({ file }, 'no webhooks: a server that only reads has nothing to tell')
    return null
  }
  const { openWebhooks } = await import('./open-webhooks.ts')
  return openWebhooks(file, settings, { log, onNotice })
}
