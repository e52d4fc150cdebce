import type { NoticeSink } from '../../../src/index.ts'
import { type WebhookSettings, webhooksOf } from '../../../src/webhooks/index.ts'
import { webhookTransport } from '../../webhooks/index.ts'
import { CliError, exitCodes } from '../exit.ts'
import type { Entries } from '../log.ts'
import type { Settings } from '../settings.ts'
import { watchFiles } from '../watch-files.ts'
import type { ServedWebhooks } from './served-webhooks.ts'
import { readWebhooksFile, type WebhooksFile } from './webhooks-file.ts'

/** Opens the webhooks of a file. @throws CliError with every problem of it. */
export function openWebhooks(
  file: string,
  settings: Settings,
  { log, onNotice }: { readonly log: Entries; readonly onNotice: NoticeSink },
): ServedWebhooks {
  let read = noted(readWebhooksFile(file, settings))
  const hooks = webhooksOf(read.webhooks, { send: webhookTransport(), onNotice })
  // Pulls are events of the registry from its start, or not at all.
  const pullEvents = wantsPulls(read.webhooks)
  let unwatch = watch()

  function noted(next: WebhooksFile): WebhooksFile {
    for (const warning of next.warnings) log.warn({ warning }, 'webhooks')
    return next
  }

  function watch(): () => void {
    // The first look is told as a change: most often nothing has changed then.
    return watchFiles(read.files, () => reload('when it differs'))
  }

  function reload(when: 'always' | 'when it differs'): void {
    try {
      const next = readWebhooksFile(file, settings)
      if (when === 'when it differs' && next.content.equals(read.content)) return
      read = noted(next)
    } catch (error) {
      if (!(error instanceof CliError)) throw error
      for (const problem of error.messages) {
        log.error({ problem }, 'webhooks not reloaded: those from before go on')
      }
      return
    }
    hooks.use(read.webhooks)
    log.info({ file, endpoints: read.webhooks.endpoints.length }, 'webhooks reloaded')
    if (wantsPulls(read.webhooks) && !pullEvents) {
      log.warn({ file }, 'webhooks of pulls begin with the next start')
    }
    // Its secrets may be in other files now.
    unwatch()
    unwatch = watch()
  }

  return {
    options: { outbox: hooks.outbox, ...(pullEvents ? { pullEvents } : {}) },
    onEvent: hooks.onEvent,
    begin({ stores }) {
      if (stores.metadata.outbox === undefined) {
        throw new CliError(exitCodes.config, [`${file}: this store keeps no webhooks`])
      }
      hooks.deliver(stores)
    },
    figures: hooks.figures,
    reload: () => reload('always'),
    async close() {
      unwatch()
      await hooks.stop()
    },
  }
}

function wantsPulls({ endpoints }: WebhookSettings): boolean {
  return endpoints.some(({ events }) => events.has('manifest-pulled') || events.has('blob-pulled'))
}
