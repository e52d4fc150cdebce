import type { Notice, NoticeSink } from '../../src/index.ts'
import type { Entries } from './log.ts'
import type { LogArea } from './log-levels.ts'
import { loggedTarget } from './plain-text.ts'

/** Those of the server itself are not among them. */
const areas: Readonly<Partial<Record<Notice['kind'], LogArea>>> = {
  'store-read-only': 'store',
  'store-recovered': 'store',
  'store-condition': 'store',
  'bytes-missing': 'store',
  'background-failure': 'maintenance',
  'bytes-swept': 'maintenance',
  'garbage-collected': 'maintenance',
  'upload-expired': 'maintenance',
}

function areaOf(kind: Notice['kind']): LogArea {
  return kind.startsWith('webhook-') ? 'webhooks' : (areas[kind] ?? 'server')
}

/** Logs what no client is told. @param of takes entries of an area */
export function logNotices(of: (area: LogArea) => Entries): NoticeSink {
  return (notice) => {
    const log = of(areaOf(notice.kind))
    switch (notice.kind) {
      case 'failure': {
        const { requestId, method, path, trace, error } = notice
        const request = { requestId, method, path: loggedTarget(path), traceId: trace?.traceId }
        log.error({ ...request, err: error }, 'request failed')
        return
      }
      case 'store-read-only':
        log.error({ err: notice.error }, 'storage failed: read-only until restarted')
        return
      case 'store-recovered':
        log.warn(
          { file: notice.file, detail: notice.detail },
          'storage was damaged and is whole again',
        )
        return
      case 'mount-mismatch':
        log.warn({ detail: notice.detail }, 'requests arrive with another path')
        return
      case 'background-failure':
        log.warn(
          { task: notice.task, err: notice.error },
          notice.retried ? 'a task failed and will be tried again' : 'a task failed',
        )
        return
      case 'callback-failure':
        log.error({ callback: notice.callback, err: notice.error }, 'a callback failed')
        return
      case 'bytes-missing': {
        const { digest, key, problem } = notice
        const say = 'the bytes of a blob are missing or damaged: push it again to heal it'
        log.error({ digest, key, problem }, say)
        return
      }
      case 'bytes-swept':
        log.info({ key: notice.key, size: notice.size }, 'bytes without a name were deleted')
        return
      case 'garbage-collected': {
        const { kind: _, ...freed } = notice
        const isNothing = freed.blobs + freed.repositories === 0
        log[isNothing ? 'debug' : 'info'](freed, 'garbage was collected')
        return
      }
      case 'store-condition': {
        const { part, state, reason, error } = notice
        if (state === 'ok') log.info({ part }, 'the storage works again')
        else if (state === 'full') log.error({ part, err: error }, 'no room left: free space')
        else log.error({ part, state, reason, err: error }, 'the storage failed')
        return
      }
      case 'webhook-condition': {
        const { endpoint, origin, error } = notice
        if (error === null) log.info({ endpoint, origin }, 'a webhook is delivered again')
        else log.warn({ endpoint, origin, problem: error }, 'a webhook fails and is tried again')
        return
      }
      case 'webhook-dead-letters': {
        const { endpoint, origin, count, error: problem } = notice
        const say = 'webhooks were given up: layerdock webhook list --dead, then resend'
        log.error({ endpoint, origin, count, problem }, say)
        return
      }
      case 'webhook-outbox-full': {
        const { buried, dropped } = notice
        log.error({ buried, dropped }, 'too many webhooks wait: the oldest were given up')
        return
      }
      case 'webhook-strays-dropped': {
        const { endpoint, count } = notice
        log.warn({ endpoint, count }, 'webhooks to an endpoint that is gone were dropped')
        return
      }
      case 'upload-expired':
        log.debug({ id: notice.id, repository: notice.repository }, 'an idle upload was dropped')
        return
    }
  }
}
