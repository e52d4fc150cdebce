import type { RequestObserver, RequestReport } from '../../src/index.ts'
import type { Entries } from './log.ts'
import { loggedAgent, loggedTarget, plain, withoutSecrets } from './plain-text.ts'

/** Takes the lines of an access log. */
export type AccessLines = Pick<Entries, 'info' | 'debug' | 'isLevelEnabled'>

/** Probes and scrapes come every few seconds and say the same: a line for each would bury the others. */
const quiet: ReadonlySet<string> = new Set(['/live', '/ready', '/healthz', '/metrics'])

/** Logs a line for every request, once its answer is out or its connection gone. */
export function accessLog(lines: AccessLines): RequestObserver {
  return (report) => {
    const level = levelOf(report.target)
    if (lines.isLevelEnabled(level)) lines[level](fieldsOf(report), 'request')
  }
}

function levelOf(url: string): 'info' | 'debug' {
  if (url.startsWith('/v2')) return 'info'
  return quiet.has(url.split('?', 1)[0] ?? url) ? 'debug' : 'info'
}

/**
 * What a line says. No line is looked through for secrets as a whole, so each text of a client is looked at here. Every
 * object has the same fields, which is faster; those that are undefined are left out.
 */
function fieldsOf(report: RequestReport): object {
  const { principal, peer, userAgent, bytesIn, reference, trace } = report
  const tag = reference?.kind === 'tag' ? reference.tag : undefined
  const path = loggedTarget(report.target)
  const digest = report.digest ?? (reference?.kind === 'digest' ? reference.digest : undefined)
  return {
    requestId: report.requestId,
    method: report.method,
    path,
    status: report.status ?? undefined,
    error: report.errorCode ?? undefined,
    repository: report.repository ?? undefined,
    tag: tag === undefined ? undefined : loggedTag(tag, path),
    digest,
    received: bytesIn === 0 ? undefined : bytesIn,
    bytes: report.bytesOut ?? undefined,
    ms: Math.round(report.milliseconds * 10) / 10,
    client: peer.address,
    principal: principal === null ? undefined : withoutSecrets(plain(principal.id, 256)),
    userAgent: userAgent === null ? undefined : loggedAgent(userAgent),
    aborted: report.cutShort === true ? true : undefined,
    traceId: trace?.traceId,
    spanId: trace?.spanId,
  }
}

/** A path that ends with the tag was looked at as a whole. */
function loggedTag(tag: string, path: string): string {
  return path.endsWith(`/${tag}`) ? tag : withoutSecrets(tag)
}
