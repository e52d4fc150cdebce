import type { RequestObserver, RequestReport } from '../../src/index.ts'
import type { Log } from './log.ts'
import { loggedAgent, loggedTarget, plain } from './plain-text.ts'

/** Takes the lines of an access log. */
export type AccessLines = Pick<Log, 'line' | 'takes'>

/** Probes come every few seconds and say the same: a line for each would bury the others. */
const probes: ReadonlySet<string> = new Set(['/live', '/ready', '/healthz'])

/** Logs a line for every request, once its answer is out or its connection gone. */
export function accessLog(lines: AccessLines): RequestObserver {
  const clock = isoClock()
  return (report) => {
    const level = levelOf(report.target)
    if (lines.takes(level)) lines.line(level, textOf(level, clock(), report))
  }
}

function levelOf(url: string): 'info' | 'debug' {
  if (url.startsWith('/v2')) return 'info'
  return probes.has(url.split('?', 1)[0] ?? url) ? 'debug' : 'info'
}

/**
 * Builds the line by hand: the logger's general way takes half of what logging costs.
 */
function textOf(level: string, time: string, report: RequestReport): string {
  const { principal, peer, userAgent, status, errorCode, bytesIn, bytesOut } = report
  return (
    `{"level":"${level}","time":"${time}","msg":"request","requestId":"${report.requestId}"` +
    `,"method":${quoted(report.method)},"path":${quoted(loggedTarget(report.target))}` +
    (status === null ? '' : `,"status":${status}`) +
    (errorCode === null ? '' : `,"error":"${errorCode}"`) +
    (bytesIn === 0 ? '' : `,"received":${bytesIn}`) +
    (bytesOut === null ? '' : `,"bytes":${bytesOut}`) +
    `,"ms":${Math.round(report.milliseconds * 10) / 10}` +
    (peer.address === undefined ? '' : `,"client":"${peer.address}"`) +
    (principal === null ? '' : `,"principal":${quoted(plain(principal.id, 256))}`) +
    (userAgent === null ? '' : `,"userAgent":${quoted(loggedAgent(userAgent))}`) +
    (report.cutShort === true ? ',"aborted":true}\n' : '}\n')
  )
}

/** Most texts of a log need no escaping, and looking is cheaper than doing it. */
function quoted(text: string): string {
  return /^[\w ./:;,()@=&?+-]*$/.test(text) ? `"${text}"` : JSON.stringify(text)
}

/** The time as text, made once for all that happens in a millisecond. */
function isoClock(): () => string {
  let at = 0
  let text = ''
  return () => {
    const now = Date.now()
    if (now !== at) {
      at = now
      text = new Date(now).toISOString()
    }
    return text
  }
}
