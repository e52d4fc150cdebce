import { constants, fstatSync, openSync, write, writeSync } from 'node:fs'
// Those of the runtime may not be the kind that lets the process end.
import { clearTimeout, setInterval, setTimeout } from 'node:timers'
import { onDeno } from '../deno/deno.ts'

/** Standard output, for a log: serving does not depend on who reads it, or whether anybody does. */
export interface LogOutput {
  /** Takes text, to be written together with what comes in the next moment. */
  write(text: string): void
  /** Begins to write what is waiting. */
  flush(): void
  /** Writes what is waiting, as far as that goes in half a second: for the end of the process. */
  finish(): void
}

/** Written together, in characters, or once it has waited this long. */
const lotLength = 8 * 1024
const lotMs = 250
/** What may wait for a slow reader, in characters; text beyond it is dropped. */
const longestWait = 8 * 1024 * 1024
/** How soon a full pipe is tried again, and how long at the end. */
const retryMs = 50
const finishMs = 500

/**
 * Opens standard output. An error other than a full pipe drops what was being written and nothing
 * else: a log that cannot be written is no reason not to serve.
 *
 * @param dropped told, once there is room again, how many texts were dropped for want of it
 */
export function openOutput(dropped: (texts: number) => void): LogOutput {
  const fd = withoutBlocking(1)
  let waiting = ''
  let missed = 0
  /** Taken from what is waiting, and not known to be out. */
  let lot: Uint8Array | null = null
  /** Set while `lot` waits for room; otherwise it is on its way. */
  let retry: NodeJS.Timeout | null = null

  const begin = (): void => {
    if (lot !== null || waiting === '') return
    lot = Buffer.from(waiting)
    waiting = ''
    put(lot)
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
        lot = bytes.subarray(count)
        put(lot)
      } else {
        lot = null
        if (waiting.length >= lotLength) begin()
      }
    })
  }

  setInterval(begin, lotMs).unref()
  return {
    write(text) {
      if (waiting.length > longestWait) {
        missed++
        return
      }
      waiting += text
      if (waiting.length >= lotLength) begin()
    },
    flush: begin,
    finish() {
      const stuck = retry === null || lot === null ? [] : [lot]
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
 * Another way into the same pipe, on which a write fails where it would have to wait: a thread that
 * waits for a reader holds up the end of the process. Opened anew, so that whoever shares the pipe
 * with us keeps it as it was. Linux alone has a path for that, and Deno lets nobody use it who may
 * not do everything: there, a pipe that is open and never read stops the server once it is full.
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
