import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest, type RequestOptions, Agent as SecureAgent } from 'node:https'
import * as tls from 'node:tls'
import {
  type Answer,
  DeliveryFailed,
  type OutgoingRequest,
  parseRetryAfter,
  type Send,
} from '../../src/webhooks/index.ts'
import { type Resolve, systemResolve, targetsOf } from './targets.ts'

/** How requests are sent. */
export interface TransportOptions {
  /** Finds the addresses of a host. Default: the system's resolver. */
  readonly resolve?: Resolve
}

/** An answer is read so far, in bytes, and for so long, in milliseconds: its status is known by then. */
const mostBytes = 64 * 1024
const longestMs = 1000

/**
 * A connection for each request: none is used again that a receiver closes meanwhile. `NODE_USE_ENV_PROXY` would have
 * other agents ask a proxy, which knows no private addresses.
 */
const agentOptions: object = { keepAlive: false, proxyEnv: {} }
const plainAgent: Agent = new Agent(agentOptions)
const secureAgent: SecureAgent = new SecureAgent(agentOptions)

/** Codes of errors that come before anything was sent, so that the next address may be tried. */
const unreachable: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'EHOSTDOWN',
])

/**
 * Sends webhooks. Names are resolved first, and the connection is made to an address that was found to be allowed, so
 * that no second look at a name can lead elsewhere. Follows no redirect, and passes over proxies of the environment.
 */
export function webhookTransport({ resolve = systemResolve }: TransportOptions = {}): Send {
  return async (request, signal) => {
    const url = new URL(request.url)
    const addresses = await targetsOf(url.hostname, request.allowPrivate, resolve)
    for (const [index, address] of addresses.entries()) {
      signal.throwIfAborted()
      try {
        return await sendTo(address, url, request, signal)
      } catch (error) {
        const isLast = index === addresses.length - 1
        if (isLast || !unreachable.has(codeOf(error))) throw failureOf(error)
      }
    }
    throw new DeliveryFailed('the receiver has no address')
  }
}

function sendTo(
  address: string,
  url: URL,
  { headers, body, ca }: OutgoingRequest,
  signal: AbortSignal,
): Promise<Answer> {
  const isSecure = url.protocol === 'https:'
  const bytes = Buffer.from(body)
  const isName = !/^\[|^[\d.]+$/.test(url.hostname)
  const options: RequestOptions = {
    method: 'POST',
    host: address,
    port: url.port === '' ? (isSecure ? 443 : 80) : Number(url.port),
    path: `${url.pathname}${url.search}`,
    agent: isSecure ? secureAgent : plainAgent,
    headers: {
      ...headers,
      Host: url.host,
      'Content-Length': String(bytes.length),
      Connection: 'close',
    },
    ...(isSecure ? { servername: isName ? url.hostname : '', rejectUnauthorized: true } : {}),
    ...(isSecure && ca !== null ? { ca: authorities(ca) } : {}),
  }
  return new Promise((done, failed) => {
    const request = isSecure ? httpsRequest(options) : httpRequest(options)
    const onAbort = (): void => void request.destroy(new DeliveryFailed('the request was ended'))
    signal.addEventListener('abort', onAbort, { once: true })
    const end = (): void => signal.removeEventListener('abort', onAbort)
    request.once('error', (error) => {
      end()
      failed(error)
    })
    request.once('response', (response) => {
      void readAnswer(request, response).then((answer) => {
        end()
        done(answer)
      })
    })
    request.end(bytes)
  })
}

/** Deno adds an authority to its own, and has no list of them for a program. */
function authorities(ca: string): string[] {
  if ('Deno' in globalThis) return [ca]
  // From Node 22.15 on, with those of NODE_EXTRA_CA_CERTS and the system, where these are asked for.
  const { getCACertificates } = tls as { getCACertificates?: () => readonly string[] }
  return [...(getCACertificates?.() ?? tls.rootCertificates), ca]
}

/** Reads an answer to its end or its bounds. Never rejects: the status came, and says what matters. */
function readAnswer(request: ClientRequest, response: IncomingMessage): Promise<Answer> {
  const retryAfterMs = parseRetryAfter(response.headers['retry-after'], Date.now())
  const answer = { status: response.statusCode ?? 0, retryAfterMs }
  return new Promise((done) => {
    let size = 0
    const end = (): void => {
      clearTimeout(timer)
      request.destroy()
      done(answer)
    }
    const timer = setTimeout(end, longestMs)
    request.on('error', end)
    response.on('error', end)
    response.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > mostBytes) end()
    })
    response.once('end', end)
    response.once('close', end)
  })
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown } | null)?.code
}

const reasons: ReadonlyMap<unknown, string> = new Map([
  ['ECONNREFUSED', 'the receiver takes no connections'],
  ['ECONNRESET', 'the receiver closed the connection'],
  ['EPIPE', 'the receiver closed the connection'],
  ['EHOSTUNREACH', 'the receiver cannot be reached'],
  ['ENETUNREACH', 'the receiver cannot be reached'],
  [
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'the receiver\'s certificate is signed by itself: name it as "ca"',
  ],
  [
    'SELF_SIGNED_CERT_IN_CHAIN',
    'the receiver\'s certificate has an authority that is not known: name it as "ca"',
  ],
  [
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'the receiver\'s certificate has an authority that is not known: name it as "ca"',
  ],
  [
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'the receiver\'s certificate has an authority that is not known: name it as "ca"',
  ],
  ['ERR_TLS_CERT_ALTNAME_INVALID', "the receiver's certificate is for another name"],
  ['CERT_HAS_EXPIRED', "the receiver's certificate has expired"],
])

/** An error whose message may be shown; others keep their code. */
function failureOf(error: unknown): unknown {
  if (error instanceof DeliveryFailed) return error
  const reason = reasons.get(codeOf(error))
  return reason === undefined ? error : new DeliveryFailed(reason)
}
