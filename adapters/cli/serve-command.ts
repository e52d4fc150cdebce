import { resolve } from 'node:path'
import { onDeno, transferBytes } from '../deno/deno.ts'
import { BufferBudget } from '../disk/buffers.ts'
import type { Certificate } from '../serving/serve-options.ts'
import { banner } from './banner.ts'
import { readCertificate } from './certificate.ts'
import { CliError, exitCodes } from './exit.ts'
import { explainListening } from './explain.ts'
import { createFront, type Front } from './front.ts'
import { type Listening, type ListenOptions, listen } from './listen.ts'
import { isReachable } from './listen-address.ts'
import { type Log, openLog } from './log.ts'
import { logEvents } from './log-events.ts'
import { logNotices } from './log-notices.ts'
import { type Opened, openSettings } from './open-registry.ts'
import { startReloader } from './reload.ts'
import type { Settings } from './settings.ts'
import { listenToSignals } from './signals.ts'
import { version } from './version.ts'

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
  const log = openLog(settings.log, formatOf(settings))
  process.on('exit', log.finish)
  const signals = listenToSignals(() => {
    log.to.warn('stopped at once, by a second signal')
    process.exit(exitCodes.problem)
  })
  const onNotice = logNotices(log.to)
  const front = createFront(version(), new BufferBudget(onDeno ? transferBytes : undefined))
  const certificate = readCertificate(settings)
  // A reload may ask for lines that are not wanted yet.
  const requests = log.takes('info') || reread !== null ? log : null
  const serving = await startListening(front, settings, { tls: certificate, onNotice, requests })
  const opened = await openSettings(
    settings,
    { onEvent: logEvents(log.to), onNotice },
    front.buffers,
  ).catch(async (error: unknown) => {
    await serving.close(0)
    throw error
  })
  front.open(opened.registry, opened.look)
  const reloader = startReloader({ settings, reread, certificate, listening: serving, log })
  signals.onHangup(reloader.reload)
  announce(log, settings, serving)

  const signal = await signals.stop
  reloader.close()
  front.drain()
  log.to.info({ signal }, 'stopping')
  log.flush()
  const cut = await drained(serving, settings.drainSeconds * 1000)
  if (cut > 0) log.to.warn({ connections: cut }, 'cut what did not finish in time')
  return await closed(opened, log)
}

/** Closes the registry; the exit code. What fails then costs no change that was acknowledged. */
async function closed(opened: Opened, log: Log): Promise<number> {
  try {
    await opened.close()
    log.to.info('stopped')
    return exitCodes.ok
  } catch (error) {
    log.to.error({ err: error }, 'stopped, and the storage failed at the end')
    return exitCodes.problem
  } finally {
    log.flush()
  }
}

/** Lets requests in progress finish while new ones are refused; returns how many were cut. */
async function drained(serving: Listening, deadlineMs: number): Promise<number> {
  const began = performance.now()
  await serving.settle(deadlineMs)
  return serving.close(Math.max(0, deadlineMs - (performance.now() - began)))
}

async function startListening(
  front: Front,
  settings: Settings,
  { tls, ...others }: Pick<ListenOptions, 'onNotice' | 'requests'> & { tls: Certificate | null },
): Promise<Listening> {
  const { listen: address } = settings
  const options: ListenOptions = {
    ...others,
    ...address,
    ...(tls === null ? {} : { tls }),
    trustedProxies: settings.trustedProxies,
    maxHeaderBytes: settings.maxHeader,
    ...(settings.maxConnections === null ? {} : { maxConnections: settings.maxConnections }),
    slowestPull: settings.slowestPull,
    timeouts: {
      headersMs: settings.headersTimeout,
      stallMs: settings.stallTimeout,
      keepAliveMs: settings.keepAliveTimeout,
    },
  }
  try {
    return await listen(front, options)
  } catch (error) {
    throw problem(error, explainListening(error, address))
  }
}

function formatOf({ logFormat }: Settings): 'json' | 'text' {
  if (logFormat !== 'auto') return logFormat
  return process.stdout.isTTY ? 'text' : 'json'
}

/** There are no users yet: only the network decides who may push. */
function warnIfOpen(log: Log, settings: Settings, url: string): void {
  if (settings.readOnly || !isReachable(url)) return
  const may = settings.deletes ? 'push and delete' : 'push'
  log.to.warn(
    `anyone who reaches this server may ${may}: put a proxy with authentication in front, or give --read-only`,
  )
}

function announce(log: Log, settings: Settings, { url }: Listening): void {
  const place = settings.memory ? 'memory' : resolve(settings.storageDir)
  if (log.format === 'json') {
    log.to.info({ url, version: version(), storage: place }, 'listening')
  } else if (settings.log !== 'silent') {
    const kept = settings.memory ? 'keeping everything in memory' : `keeping everything in ${place}`
    log.print(banner(version(), url, kept))
  }
  warnIfOpen(log, settings, url)
  log.flush()
}

/** What a person can act on without a stack; anything else as it is. */
function problem(error: unknown, explanation: string | null): unknown {
  return explanation === null ? error : new CliError(exitCodes.problem, [explanation])
}
