import { createRequire } from 'node:module'
// Those of the runtime may not be the kind that lets the process end.
import { setTimeout } from 'node:timers'
import type { SonicBoom } from 'sonic-boom'

/** One open file, or a pipe, with what waits for it. */
export interface LogWriter {
  /** Writes text, once what came before is written. @param texts how many texts it is made of */
  write(text: string, texts: number): void
  /** Begins to write what is waiting. */
  flush(): void
  /** Writes what is waiting, and closes the file. */
  end(): void
  /** Resolves once nothing is on its way any more, or after half a second. */
  settled(): Promise<void>
  /**
   * Writes what is waiting, and this text, as far as that goes in half a second: for the end of the process. What waits
   * behind a write under way is lost.
   */
  finish(text: string, texts: number): void
}

/** Callers gather texts up to this length, in characters, and then write them at once. */
export const batchLength: number = 16 * 1024
/** A text that is shorter, in bytes, waits for others, or for a flush. */
const batchBytes = batchLength - 1
/** What may wait for a slow reader or a full disk, in bytes; text beyond it is dropped. */
const mostWaiting = 8 * 1024 * 1024
/** How soon a write that failed is tried again, and how long at the end. */
const retryMs = 10
const finishMs = 500

/**
 * Writes to a descriptor by sonic-boom, the library below pino, which is loaded with the first writer. Some of its ways
 * are not used:
 *
 * - With each text it measures all that waits: a line of the access log cost more for that than for all else, so it is
 *   given many lines at once.
 * - Its `reopen`, after one that failed, closes the old descriptor twice, which by then may be that of another file. A
 *   rotated file gets a writer of its own.
 * - Its `flushSync` never returns where a disk is full or a reader is gone. At the end of the process it writes in its
 *   synchronous way instead, which gives up.
 * - Its timers keep the process from ending while a pipe is full. A write that failed is tried again by ours.
 * - pino's `destination` would have it flushed with `flushSync` at the end, so it is made here.
 *
 * @param dropped called once there is room again, with how many texts were dropped
 */
export function openWriter(fd: number, dropped: (texts: number) => void): LogWriter {
  const { SonicBoom: Sonic } = createRequire(import.meta.url)('sonic-boom') as {
    readonly SonicBoom: new (options: object) => SonicBoom
  }
  /** How many texts the newest write has. */
  let given = 0
  /** How many texts were dropped and not told of yet. */
  let missed = 0
  /** How many bytes the newest write has. */
  let givenBytes = 0
  /** How many bytes are not written yet. */
  let unwritten = 0
  let isWaiting = false
  let isEnding = false
  /** Until when a full pipe is waited for, at the end of the process. */
  let deadline = 0
  const sonic = new Sonic({
    fd,
    minLength: batchBytes,
    maxLength: mostWaiting,
    sync: false,
    retryEAGAIN: () => performance.now() < deadline,
  })
  sonic.on('drop', () => {
    missed += given
    unwritten -= givenBytes
  })
  sonic.on('write', (bytes) => {
    unwritten -= bytes
  })
  sonic.on('drain', () => {
    // A flush does nothing while a write is under way, so what came meanwhile would wait for more text.
    if (unwritten > 0 && !isEnding && deadline === 0) sonic.flush()
    if (missed === 0) return
    const texts = missed
    missed = 0
    dropped(texts)
  })
  sonic.on('error', () => {
    if (isEnding) return sonic.destroy()
    if (isWaiting) return
    isWaiting = true
    // Until then no text that comes has it try.
    Object.assign(sonic, { minLength: Number.POSITIVE_INFINITY })
    setTimeout(again, retryMs).unref()
  })
  const again = (): void => {
    isWaiting = false
    Object.assign(sonic, { minLength: batchBytes })
    if (!isEnding) sonic.flush()
  }
  const write = (text: string, texts: number): void => {
    given = texts
    givenBytes = Buffer.byteLength(text)
    unwritten += givenBytes
    sonic.write(text)
  }
  return {
    write,
    flush() {
      if (!isWaiting) sonic.flush()
    },
    end() {
      if (isWaiting) return sonic.destroy()
      isEnding = true
      sonic.end()
    },
    settled: () =>
      new Promise((resolve) => {
        sonic.once('error', resolve).on('drain', () => {
          if (unwritten === 0) resolve()
        })
        setTimeout(resolve, finishMs)
        sonic.flush()
      }),
    finish(text, texts) {
      deadline = performance.now() + finishMs
      Object.assign(sonic, { sync: true, minLength: batchBytes })
      write(text, texts)
      sonic.flush()
    },
  }
}
