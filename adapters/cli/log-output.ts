import { constants, fstatSync, openSync, write, writeSync } from 'node:fs'
// Those of the runtime may not be the kind that lets the process end.
import { clearTimeout, setInterval, setTimeout } from 'node:timers'
import { onDeno } from '../deno/deno.ts'

/** Standard output, for a log. Serving goes on even when nothing reads it. */
export interface LogOutput {
  /** Takes text, to be written together with what comes in the next moment. */
  write(text: string): void
  /** Begins to write what is waiting. */
  flush(): void
  /** Writes what is waiting, as far as that goes in half a second: for the end of the process. */
  finish(): void
}

/** Written together, in characters, or once it has waited this long. */
const batchLength = 32 * 1024
const batchMs = 250
/** What may wait for a slow reader, in characters; text beyond it is dropped. */
const longestWait = 8 * 1024 * 1024
/** How soon a full pipe is tried again, and how long at the end. */
const retryMs = 50
const finishMs = 500

/**
 * Opens standard output. An error other than a full pipe drops what was being written and nothing
 * else: the server goes on without its log.
 *
 * @param dropped called once there is room again, with how many texts were dropped
 */
export function openOutput(dropped: (texts: number) => void): LogOutput {
  const fd = withoutBlocking(1)
  let waiting = ''
  let missed = 0
  /** Taken from what is waiting, and not known to be out. */
  let batch: Uint8Array | null = null
  /** Set while `batch` waits for room; otherwise it is on its way. */
  let retry: NodeJS.Timeout | null = null

  const begin = (): void => {
    if (batch !== null || waiting === '') return
    batch = Buffer.from(waiting)
    waiting = ''
    put(batch)
    if (missed === 0) return
    const texts = missed
    missed = 0
    dropped(texts)
  }

  const put = (bytes: Uint8Array): void => {
    retry = null
    write(fd, bytes, 0, bytes.byteLength, null, (error, count) => {
      if (isFull(error)) {
        retry = setTimeout(put, retryMs, bytes)
        retry.unref()
      } else if (!error && count < bytes.byteLength) {
        batch = bytes.subarray(count)
        put(batch)
      } else {
        batch = null
        if (waiting.length >= batchLength) begin()
      }
    })
  }

  setInterval(begin, batchMs).unref()
  return {
    write(text) {
      if (waiting.length > longestWait) {
        missed++
        return
      }
      waiting += text
      if (waiting.length >= batchLength) begin()
    },
    flush: begin,
    finish() {
      const stuck = retry === null || batch === null ? [] : [batch]
      if (retry !== null) clearTimeout(retry)
      writeNow(fd, Buffer.concat([...stuck, Buffer.from(waiting)]))
      waiting = ''
    },
  }
}

function writeNow(fd: number, bytes: Uint8Array): void {
  const deadline = performance.now() + finishMs
  let rest = bytes
  while (rest.byteLength > 0 && performance.now() < deadline) {
    try {
      rest = rest.subarray(writeSync(fd, rest))
    } catch (error) {
      if (!isFull(error)) return
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
    }
  }
}

/**
 * Opens the same pipe again, so that a write to a full pipe fails instead of waiting: a thread that
 * waits for a reader keeps the process from ending. A new open file leaves the flags of other
 * processes on the pipe alone. Only Linux has a path for this, and Deno allows it only to programs
 * that may do everything: there, a full pipe that is never read stops the server.
 */
function withoutBlocking(fd: number): number {
  try {
    if (onDeno || !fstatSync(fd).isFIFO()) return fd
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK)
  } catch {
    return fd
  }
}

function isFull(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null
  return code === 'EAGAIN' || code === 'EBUSY'
}
