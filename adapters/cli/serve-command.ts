import type { EventSink, NoticeSink } from '../../src/index.ts'
import { onDeno, transferBytes } from '../deno/deno.ts'
import { BufferBudget } from '../disk/buffers.ts'
import type { Certificate } from '../serving/serve-options.ts'
import { asksForLogin } from './access-settings.ts'
import { type AdminEndpoint, openAdminEndpoint } from './admin/endpoint.ts'
import { announce } from './announce.ts'
import type { AuditLog } from './audit-log.ts'
import { readCertificate } from './certificate.ts'
import { closed } from './close-registry.ts'
import { drained } from './drain.ts'
import { exitCodes } from './exit.ts'
import { warnOfOtherOwner } from './folder-owner.ts'
import { createFront, type Front } from './front.ts'
import { accessOf, databaseOf } from './late-parts.ts'
import type { Listening } from './listen.ts'
import { type Log, openLog } from './log.ts'
import { logEvents } from './log-events.ts'
import { logNotices } from './log-notices.ts'
import { formatOf } from './log-settings.ts'
import { metricsOf, type ServedMetrics } from './metrics/served-metrics.ts'
import { refuseOpenListener } from './open-listener.ts'
import { type Opened, openSettings } from './open-registry.ts'
import { noteCollections } from './page/last-collection.ts'
import { pageOf } from './page/page-of.ts'
import { registryOptions } from './registry-options.ts'
import { startReloader } from './reload.ts'
import type { ScheduledRetention } from './retention/schedule-retention.ts'
import { retentionOf } from './retention/served-retention.ts'
import type { ServeAccess } from './serve-access.ts'
import { auditOf } from './served-audit.ts'
import { servedTracing } from './served-tracing.ts'
import type { Settings } from './settings.ts'
import { listenToSignals } from './signals.ts'
import { startListening } from './start-listening.ts'
import { StoppedWaiting } from './stores/wait-for.ts'
import { verifyingOf } from './verify/served-verifying.ts'
import { version } from './version.ts'
import { type ServedWebhooks, warnOfUnsent, webhooksOf } from './webhooks/served-webhooks.ts'

/**
 * Serves a registry until SIGTERM or SIGINT, then lets requests under way finish.
 *
 * @param reread reads the settings again, for a reload; null where no file could have changed them
 * @returns the exit code
 * @throws CliError when it cannot start.
 */
export async function serveCommand(
  settings: Settings,
  reread: (() => Promise<Settings>) | null,
): Promise<number> {
  const log = openLog(settings.log, { format: formatOf(settings), file: settings.logFile })
  process.on('exit', log.finish)
  const signals = listenToSignals(() => {
    log.to.warn('stopped at once, by a second signal')
    void log.settled().then(() => process.exit(exitCodes.problem))
  })
  /** What has begun, for a start that fails. */
  const begun: (() => Promise<unknown>)[] = []
  let server: Server
  try {
    server = await start(settings, reread, { log, stop: signals.stop, begun })
  } catch (error) {
    for (const end of begun.reverse()) await end().catch(() => {})
    if (!(error instanceof StoppedWaiting)) throw error
    log.to.info('stopped before it had begun')
    log.flush()
    return exitCodes.ok
  }
  const { front, retaining, verifying, access, admin, audit, certificate, serving, opened } = server
  const { webhooks } = server
  const reloader = startReloader({ settings, reread, certificate, listening: serving, log })
  const reopen = (): void => {
    log.reopen()
    audit?.reopen()
  }
  signals.onReopen(reopen)
  signals.onHangup(() => {
    reopen()
    void access?.reload()
    retaining?.reload()
    webhooks?.reload()
    reloader.reload()
  })
  // Requests that waited for the registry are answered first: the first entry loads the logger.
  await new Promise((resolve) => setImmediate(resolve))
  announce(log, settings, { url: serving.url, kept: opened.kept })
  server.metrics?.announce(log.to)

  const signal = await signals.stop
  reloader.close()
  log.to.info({ signal }, 'stopping')
  log.flush()
  const adminEnded = admin?.close()
  const verifyingEnded = verifying?.()
  const retainingEnded = retaining?.close()
  const webhooksEnded = webhooks?.close()
  front.leave()
  if (settings.drainDelay > 0) {
    await new Promise((resolve) => setTimeout(resolve, settings.drainDelay * 1000))
  }
  front.drain()
  const cut = await drained(serving, opened, settings.drainSeconds * 1000, log)
  if (cut > 0) log.to.warn({ connections: cut }, 'cut what did not finish in time')
  await access?.close()
  await adminEnded
  await verifyingEnded
  await retainingEnded
  await webhooksEnded
  const code = await closed(opened, log)
  await server.metrics?.end()
  audit?.close()
  return code
}

/** A server at work. */
interface Server {
  readonly front: Front
  /** Ends verifications; null where there are none. */
  readonly verifying: (() => Promise<void>) | null
  readonly retaining: ScheduledRetention | null
  readonly access: ServeAccess | null
  readonly admin: AdminEndpoint | null
  readonly audit: AuditLog | null
  readonly certificate: Certificate | null
  readonly serving: Listening
  readonly opened: Opened
  readonly webhooks: ServedWebhooks | null
  readonly metrics: ServedMetrics | null
}

/** What {@link start} needs. */
interface StartDeps {
  readonly log: Log
  /** Resolves when the program is asked to end. */
  readonly stop: Promise<unknown>
  /** Takes what ends each thing that has begun. */
  readonly begun: (() => Promise<unknown>)[]
}

/** Listens, and opens the registry meanwhile. @throws CliError; StoppedWaiting. */
async function start(
  settings: Settings,
  reread: (() => Promise<Settings>) | null,
  { log, stop, begun }: StartDeps,
): Promise<Server> {
  const { onNotice: noted, last: lastCollection } = noteCollections(logNotices(log.of))
  let metrics: ServedMetrics | null = null
  const onNotice: NoticeSink = (notice) => {
    metrics?.onNotice(notice)
    return noted(notice)
  }
  const certificate = readCertificate(settings)
  const database = await databaseOf(settings, { log: log.of('store'), stop })
  if (database !== null) begun.push(database.close)
  const keys = database?.keyStore('token signing keys')
  const access = await accessOf(settings, {
    log: log.within('login'),
    onNotice,
    ...(keys === undefined ? {} : { keys }),
  })
  if (access !== null) begun.push(access.close)
  refuseOpenListener(settings, access?.mayAnyonePush ?? true)
  metrics = await metricsOf(settings, access?.access ?? null)
  if (metrics !== null) begun.push(metrics.end)
  const retain = await retentionOf(settings, {
    log: log.of('maintenance'),
    onNotice,
    ...(metrics === null ? {} : { onRetention: metrics.maintenance.onRetention }),
  })
  const webhooks = await webhooksOf(settings, { log: log.of('webhooks'), onNotice })
  const audit = await auditOf(settings, log.to)
  const buffers = new BufferBudget(onDeno ? transferBytes : undefined)
  const hasPage = settings.page
  const front = createFront(version(), buffers, {
    isPrivate: asksForLogin(settings),
    hasPage,
    ...(metrics === null ? {} : { metrics: metrics.door }),
  })
  // A reload may ask for lines that are not wanted yet.
  const lines = log.of('access')
  const requests = lines.isLevelEnabled('info') || reread !== null ? lines : null
  const serving = await startListening(front, settings, {
    tls: certificate,
    onNotice,
    requests,
    ...(metrics === null ? {} : { meter: metrics.meter }),
  })
  begun.push(() => serving.close(0))
  const observe = audit === null ? {} : { observe: audit.observe }
  const logged = logEvents(log.of('events'))
  const onEvent: EventSink = (event) => {
    metrics?.onEvent(event)
    void webhooks?.onEvent(event)
    return logged(event)
  }
  const sinks = { onEvent, onNotice, tracing: await servedTracing(settings), ...observe }
  if (!settings.readOnly) await warnOfOtherOwner(settings, log.of('store'))
  const opened = await openSettings({
    settings,
    options: registryOptions(settings, sinks, {
      ...(access?.access == null ? {} : { access: access.access }),
      ...(access?.wrap === undefined ? {} : { wrap: access.wrap }),
      ...webhooks?.options,
    }),
    maintenance: {
      collectEveryMs: settings.collectEvery,
      dropEmptyRepositories: settings.dropEmpty,
    },
    buffers,
    log: log.of('store'),
    database,
    stop,
    isServer: true,
    ...(metrics === null ? {} : { calls: metrics.calls }),
  })
  metrics?.watch(opened)
  if (webhooks === null) void warnOfUnsent(opened, settings, log.of('webhooks'))
  else {
    webhooks.begin(opened)
    begun.push(webhooks.close)
    metrics?.watchWebhooks(opened.stores.metadata.outbox, webhooks.figures)
  }
  const parts = { opened, front, access: access?.access ?? null, lastCollection }
  const openPage = pageOf(settings, log.within('page'), parts)
  front.open(opened.registry, opened.look, openPage)
  const verifying = await verifyingOf(settings, opened, {
    log: log.of('maintenance'),
    onNotice,
    metrics: metrics?.maintenance ?? null,
  })
  if (verifying !== null) begun.push(verifying)
  const retaining = retain?.(opened) ?? null
  if (retaining !== null) begun.push(retaining.close)
  const admin = await openAdminEndpoint({ settings, opened, log: log.of('admin'), onNotice })
  return {
    front,
    retaining,
    verifying,
    access,
    admin,
    audit,
    certificate,
    serving,
    opened,
    webhooks,
    metrics,
  }
}
