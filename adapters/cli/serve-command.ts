import { resolve } from 'node:path'
import {
  createRegistry,
  type NoticeSink,
  type Registry,
  type RegistryOptions,
} from '../../src/index.ts'
import { type MaintenanceOptions, startMaintenance } from '../../src/kit.ts'
import { onDeno, transferBytes } from '../deno/deno.ts'
import { BufferBudget } from '../disk/buffers.ts'
import { nodeHash } from '../disk/node-hash.ts'
import { type DiskRegistryOptions, openRegistry } from '../disk/open-registry.ts'
import type { Certificate } from '../serving/serve-options.ts'
import { banner } from './banner.ts'
import { readCertificate } from './certificate.ts'
import { CliError, exitCodes } from './exit.ts'
import { explainListening, explainStorage } from './explain.ts'
import { createFront, type Front, type Planes } from './front.ts'
import { type Listening, type ListenOptions, listen } from './listen.ts'
import { isReachable } from './listen-address.ts'
import { type Log, openLog } from './log.ts'
import { logNotices } from './log-notices.ts'
import { registryOptions } from './registry-options.ts'
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
  reread: (() => Settings) | null,
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
  const close = await open(front, settings, onNotice).catch(async (error: unknown) => {
    await serving.close(0)
    throw error
  })
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
  await close()
  log.to.info('stopped')
  log.flush()
  return exitCodes.ok
}

/** Lets requests under way finish while others hear that there will be no more; how many were cut. */
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

/** A registry, and how its parts do. */
interface Opened {
  readonly registry: Registry
  readonly planes: () => Planes
  readonly close: () => Promise<void>
}

/** Opens the registry behind the front; returns what closes it again. */
async function open(
  front: Front,
  settings: Settings,
  onNotice: NoticeSink,
): Promise<() => Promise<void>> {
  const options = registryOptions(settings, onNotice)
  const maintenance = { collectEveryMs: settings.collectEvery }
  const { registry, planes, close } = settings.memory
    ? openMemory(options, maintenance, onNotice)
    : await openFolder(settings.storageDir, { ...options, maintenance }, front)
  front.open(registry, planes)
  return close
}

const allOk: Planes = { metadata: 'ok', blobs: 'ok', uploads: 'ok' }

function openMemory(
  options: RegistryOptions,
  maintenance: MaintenanceOptions,
  onNotice: NoticeSink,
): Opened {
  const registry = createRegistry({ ...options, hash: nodeHash })
  const endMaintenance = startMaintenance(registry, maintenance, onNotice)
  return {
    registry,
    planes: () => allOk,
    async close() {
      await endMaintenance()
      await registry.close()
    },
  }
}

async function openFolder(
  directory: string,
  options: Omit<DiskRegistryOptions, 'directory'>,
  { buffers }: Front,
): Promise<Opened> {
  try {
    const registry = await openRegistry({ ...options, directory, buffers })
    return {
      registry,
      planes: () => ({ ...allOk, metadata: registry.status().metadata.state }),
      close: registry.close,
    }
  } catch (error) {
    throw problem(error, explainStorage(error, directory))
  }
}

function formatOf({ logFormat }: Settings): 'json' | 'text' {
  if (logFormat !== 'auto') return logFormat
  return process.stdout.isTTY ? 'text' : 'json'
}

/** There are no users yet, so nothing but the network says who may push. */
function warnIfOpen(log: Log, settings: Settings, url: string): void {
  if (settings.readOnly || !isReachable(url)) return
  const may = settings.deletes ? 'push and delete' : 'push'
  log.to.warn(
    { url },
    `everybody who reaches this address may ${may}: put a proxy with authentication in front and ` +
      'listen on 127.0.0.1, or give --read-only',
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
