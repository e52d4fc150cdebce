import { lookup } from 'node:dns/promises'
import http from 'node:http'
import type { NoticeSink } from '../../src/index.ts'
import { errorResponse, safeNotices } from '../../src/kit.ts'
import { areDescriptorsLeft, keepDescriptors } from '../disk/spare-descriptors.ts'
import { affordableConnections, spareDescriptors } from '../serving/descriptors.ts'
import type { Fetcher } from '../serving/fetcher.ts'
import {
  defaultHeaderBytes,
  defaultTimeouts,
  graceMs,
  type RunningServer,
  type ServeTimeouts,
  type ServingOptions,
} from '../serving/serve-options.ts'
import { type BunServeOptions, type BunServer, bun } from './bun.ts'
import { createHandler } from './handler.ts'
import { ServerSuccession } from './server-succession.ts'

/** How often a server that is to end looks for what is still under way: Bun has no event for it. */
const lookMs = 20

/** How often a server looks whether descriptors are left: Bun does not say that it cannot accept. */
const watchMs = 1_000

/** Where and how to serve with `Bun.serve`. */
export type ServeOptions = ServingOptions

/** A server at work. */
export type Serving = RunningServer<BunServer>

/**
 * Serves a registry over HTTP with `Bun.serve`.
 *
 * @throws Error with the code of the system, such as EADDRINUSE, when it cannot listen there;
 *   TypeError when `trustedProxies` holds anything but proxies.
 */
export async function serve(registry: Fetcher, options: ServeOptions = {}): Promise<Serving> {
  const timeouts: ServeTimeouts = { ...defaultTimeouts, ...options.timeouts }
  const { observe, meter, slowestPull, tls, trustedProxies } = options
  if (tls?.clientCa !== undefined) {
    throw new TypeError('clientCa: Bun does not tell what the certificate of a client says')
  }
  const onNotice = safeNotices(options.onNotice)
  let draining = false
  const fetch = createHandler(registry, {
    stallSeconds: secondsOf(timeouts.stallMs),
    keepAliveSeconds: secondsOf(timeouts.keepAliveMs),
    maxRequests: options.maxConnections ?? affordableConnections(),
    ending: () => draining,
    onNotice,
    ...(slowestPull === undefined ? {} : { slowestPull }),
    ...(observe === undefined ? {} : { observe }),
    ...(meter === undefined ? {} : { meter }),
    ...(trustedProxies === undefined ? {} : { trustedProxies }),
  })
  const settings: BunServeOptions = {
    ...placeOf(options),
    ...(tls === undefined ? {} : { tls }),
    development: false,
    reusePort: false,
    // The registry has limits of its own.
    maxRequestBodySize: Number.POSITIVE_INFINITY,
    // Bun sets the clock of an answer under way back to this, and that of a new connection.
    idleTimeout: secondsOf(timeouts.stallMs),
    fetch,
    error: (error) => lateError(error, onNotice),
  }
  allowHeads(options.maxHeaderBytes ?? defaultHeaderBytes)
  // Bun's own error for a host that does not exist says whatever the system failed at before.
  if (settings.hostname !== undefined) await lookup(settings.hostname)
  const first = bun().serve(settings)
  const servers = new ServerSuccession(first)
  keepDescriptors(spareDescriptors)
  const makeRoom = roomMaker(onNotice)
  const watch = setInterval(() => makeRoom(servers.newest), watchMs)
  watch.unref()
  return {
    url: urlOf(first, options),
    port: first.port ?? null,
    get server() {
      return servers.newest
    },
    async setCertificate(tls) {
      if (settings.tls === undefined) throw new Error('the server does not serve HTTPS')
      const { port } = servers.newest
      await servers.replace({ ...settings, ...(port === undefined ? {} : { port }), tls })
    },
    async settle(withinMs = graceMs) {
      draining = true
      const deadline = performance.now() + withinMs
      while (servers.pendingRequests > 0 && performance.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, lookMs))
      }
    },
    async close(deadlineMs = graceMs) {
      draining = true
      clearInterval(watch)
      return servers.close(deadlineMs)
    },
  }
}

/** Closes connections that wait for their next request, where the process has no descriptors left. */
function roomMaker(onNotice: NoticeSink): (server: BunServer) => void {
  let wasShort = false
  return (server) => {
    const isShort = !areDescriptorsLeft()
    if (isShort) server.closeIdleConnections()
    if (isShort && !wasShort) {
      const error = new Error('no file descriptors are left')
      onNotice({
        kind: 'background-failure',
        task: 'accepting connections',
        error,
        retried: true,
      })
    }
    wasShort = isShort
  }
}

/** Bun has one limit for the process, and takes it in this way alone. */
function allowHeads(bytes: number): void {
  if (http.maxHeaderSize < bytes) Object.assign(http, { maxHeaderSize: bytes })
}

function placeOf(options: ServeOptions): Pick<BunServeOptions, 'hostname' | 'port' | 'unix'> {
  const { host = '127.0.0.1', port = 5000, socketPath } = options
  return socketPath === undefined ? { hostname: host, port } : { unix: socketPath }
}

function urlOf({ port }: BunServer, { host = '127.0.0.1', socketPath, tls }: ServeOptions): string {
  if (socketPath !== undefined) return `unix:${socketPath}`
  const name = host.includes(':') ? `[${host}]` : host
  return `${tls === undefined ? 'http' : 'https'}://${name}:${port}`
}

/** Bun's clock ticks every four seconds, and what is shorter than two ticks may be over at once. */
function secondsOf(milliseconds: number): number {
  return Math.min(Math.max(Math.ceil(milliseconds / 1000), 8), 255)
}

/**
 * Answers what Bun failed at after the registry's answer: it opens a file only then. One that went since
 * we looked is an absent blob, no failure.
 */
function lateError(error: unknown, onNotice: NoticeSink): Response {
  const { code } = error as { readonly code?: unknown }
  if (code === 'ENOENT') return errorResponse('blobUnknown')
  if (code === 'EMFILE' || code === 'ENFILE') {
    return errorResponse('unavailable', { 'Retry-After': '5' })
  }
  onNotice({ kind: 'background-failure', task: 'sending an answer', error, retried: false })
  return errorResponse('internal')
}
