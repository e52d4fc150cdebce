import { closeSync, constants, fstatSync, openSync, stat } from 'node:fs'
// Those of the runtime may not be the kind that lets the process end.
import { setInterval, setTimeout } from 'node:timers'
import { onDeno } from '../deno/deno.ts'
import { batchLength, type LogWriter, openWriter } from './log-writer.ts'

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

/** How long a text may wait for others that are written with it. */
const batchMs = 250
/** How often the file's name is looked at, for a program that renames it and tells no one. */
const lookMs = 1_000

/**
 * Opens standard output, or a file, which is appended to.
 *
 * @param file a path; null for standard output
 * @throws Error when the file cannot be opened.
 */
export function openOutput(file: string | null, trouble: OutputTrouble): LogOutput {
  let descriptor = file === null ? withoutBlocking(1) : opened(file)
  let made: LogWriter | null = null
  let isArmed = false
  /** What the writer was not given yet, and of how many texts it is made. */
  let gathered = ''
  let texts = 0

  const writer = (): LogWriter => {
    made ??= openWriter(descriptor, trouble.dropped)
    return made
  }

  /** The texts that the writer was not given yet. */
  const take = (): readonly [text: string, texts: number] => {
    const taken = [gathered, texts] as const
    gathered = ''
    texts = 0
    return taken
  }

  const handOver = (): void => {
    if (texts > 0) writer().write(...take())
  }

  const flush = (): void => {
    isArmed = false
    handOver()
    made?.flush()
  }

  let isFailing = false
  const reopen = (): void => {
    if (file === null) return
    let next: number
    try {
      next = opened(file)
      isFailing = false
    } catch (error) {
      if (!isFailing) trouble.notReopened(error)
      isFailing = true
      return
    }
    handOver()
    if (made === null) closeSync(descriptor)
    else made.end()
    made = null
    descriptor = next
  }

  if (file !== null) whenRenamed(file, () => descriptor, reopen)
  return {
    write(text) {
      gathered += text
      texts++
      if (gathered.length >= batchLength) handOver()
      if (isArmed) return
      isArmed = true
      setTimeout(flush, batchMs).unref()
    },
    flush,
    reopen,
    async settled() {
      handOver()
      await made?.settled()
    },
    finish() {
      if (texts > 0) writer()
      made?.finish(...take())
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
