import type { Logger } from 'pino'
import type { EventSink } from '../../src/index.ts'
import { plain } from './plain-text.ts'

/** Logs what no client is told. */
export function logEvents(log: Logger): EventSink {
  // The log of the store and the store itself both say it.
  let toldReadOnly = false
  return (event) => {
    switch (event.kind) {
      case 'failure': {
        const { requestId, method, path, error } = event
        log.error({ requestId, method, path: plain(path, 1024), err: error }, 'request failed')
        return
      }
      case 'store-read-only':
        if (!toldReadOnly)
          log.error({ err: event.error }, 'storage failed: read-only until restarted')
        toldReadOnly = true
        return
      case 'store-condition': {
        const { part, state, reason, error } = event
        if (state === 'ok') log.info({ part }, 'the storage works again')
        else if (state === 'full') log.error({ part, err: error }, 'no room left: free space')
        else log.error({ part, state, reason, err: error }, 'the storage failed')
        return
      }
      case 'store-recovered':
        log.warn(
          { file: event.file, detail: event.detail },
          'storage was damaged and is whole again',
        )
        return
      case 'mount-mismatch':
        log.warn({ detail: event.detail }, 'requests arrive with another path')
        return
      case 'background-failure':
        log.warn(
          { task: event.task, err: event.error },
          event.retried === true ? 'a task failed and will be tried again' : 'a task failed',
        )
        return
      case 'upload-expired':
        log.debug({ id: event.id, repository: event.repository }, 'an idle upload was dropped')
        return
    }
  }
}
