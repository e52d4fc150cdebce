import { constants, fstatSync, openSync, stat } from 'node:fs'
import { createRequire } from 'node:module'
// Those of the runtime may not be the kind that lets the process end.
import { setInterval, setTimeout } from 'node:timers'
import type { SonicBoom } from 'sonic-boom'
import { onDeno } from '../deno/deno.ts'

/** Where a log goes. Serving goes on even when nothing reads it. */
export interface LogOutput {
  /** Takes text, to be written together with what comes in the next moment. */
  write(text: string): void
  /** Begins to write what is waiting. */
  flush(): void
  /** Opens the file again under its name: for programs that rotate logs. Nothing for standard output. */
  reopen(): void
  /** Resolves once nothing is on its way any more, or after half a second: before a process ends itself. */
  settled(): Promise<void>
  /**
   * Writes what is waiting, as far as that goes in half a second: for the end of the process. What waits behind a
   * write under way is lost.
   */
  finish(): void
}

/** What an output tells of itself. */
export interface OutputTrouble {
  /** Called once there is room again, with how many texts were dropped. */
  dropped(texts: number): void
  /** Called when the file cannot be opened again: what comes goes on into the one from before. */
  notReopened(error: unknown): void
}

/** Written together, in bytes, or once it has waited this long. */
const batchBytes = 16 * 1024 - 1
const batchMs = 250
/** What may wait for a slow reader or a full disk, in bytes; text beyond it is dropped. */
const mostWaiting = 8 * 1024 * 1024
/** How soon a write that failed is tried again, and how long at the end. */
const retryMs = 10
const finishMs = 500
/** How often the file's name is looked at, for a program that renames it and tells no one. */
const lookMs = 1_000

/**
 * Opens standard output, or a file, which is appended to. sonic-boom, the library below pino, gathers and writes; it is
 * loaded with the first text. Four of its ways are not used:
 *
 * - Its `reopen`, after one that failed, closes the old descriptor twice, which by then may be that of another file. A
 *   rotated file gets a writer of its own.
 * - Its `flushSync` never returns where a disk is full or a reader is gone. At the end of the process it writes in its
 *   synchronous way instead, which gives up.
 * - Its timers keep the process from ending while a pipe is full. A write that failed is tried again by ours.
 * - pino's `destination` would have it flushed with `flushSync` at the end, so it is made here.
 *
 * @param file a path; null for standard output
 * @throws Error when the file cannot be opened.
 */
export function openOutput(file: string | null, trouble: OutputTrouble): LogOutput {
  let descriptor = file === null ? withoutBlocking(1) : opened(file)
  let made: Writer | null = null
  let isArmed = false

  const writer = (): Writer => {
    made ??= openWriter(descriptor, trouble)
    return made
  }

  const flush = (): void => {
    isArmed = false
    made?.flush()
  }

  let isFailing = false
  const reopen = (): void => {
    if (file === null) return
    try {
      descriptor = opened(file)
      isFailing = false
    } catch (error) {
      if (!isFailing) trouble.notReopened(error)
      isFailing = true
      return
    }
    const before = writer()
    made = openWriter(descriptor, trouble)
    before.end()
  }

  if (file !== null) whenRenamed(file, () => descriptor, reopen)
  return {
    write(text) {
      writer().write(text)
      if (isArmed) return
      isArmed = true
      setTimeout(flush, batchMs).unref()
    },
    flush,
    reopen,
    settled: async () => await made?.settled(),
    finish: () => made?.finish(),
  }
}

/** One open file, with what waits for it. */
interface Writer extends Omit<LogOutput, 'reopen'> {
  /** Writes what is waiting, and closes the file. */
  end(): void
}

function openWriter(fd: number, { dropped }: OutputTrouble): Writer {
  const { SonicBoom: Sonic } = createRequire(import.meta.url)('sonic-boom') as {
    readonly SonicBoom: new (options: object) => SonicBoom
  }
  let missed = 0
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
    missed++
  })
  sonic.on('drain', () => {
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
  return {
    write: (text) => void sonic.write(text),
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
        sonic.once('drain', resolve).once('error', resolve)
        setTimeout(resolve, finishMs)
        sonic.flush()
      }),
    finish() {
      deadline = performance.now() + finishMs
      Object.assign(sonic, { sync: true, minLength: batchBytes })
      sonic.flush()
    },
  }
}

/** Opens a file to append to, or a named pipe: one that is not read keeps nothing waiting. */
function opened(file: string): number {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK = 0 } = constants
  return openSync(file, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0o640)
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

/** Calls back when another file, or none, has the name of the one that is open. */
function whenRenamed(file: string, descriptor: () => number, renamed: () => void): void {
  let isLooking = false
  const look = (): void => {
    if (isLooking) return
    isLooking = true
    stat(file, (error, found) => {
      isLooking = false
      const { ino, dev } = fstatSync(descriptor())
      if (
        error?.code === 'ENOENT' ||
        (error === null && (found.ino !== ino || found.dev !== dev))
      ) {
        renamed()
      }
    })
  }
  setInterval(look, lookMs).unref()
}
