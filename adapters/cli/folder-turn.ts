import { randomUUID } from 'node:crypto'
import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StoreInUse } from '../disk/lock.ts'
import type { Patience } from './stores/wait-for.ts'
import { StoppedWaiting } from './stores/wait-for.ts'

/** Who has a folder, or waits for it: a file of one process, which touches it while that is so. */
type Kind = 'command' | 'server'

/** How often a process touches its file and looks for others, and how old a file may be that counts, in milliseconds. */
const everyMs = 250
const freshMs = 5_000
/** How long a server waits for a command that gives way after the step under way, in milliseconds. */
const patienceMs = 60_000

/** The turn of a command that has a folder for itself. */
export interface CommandTurn {
  /** Aborts once a server waits for the folder. */
  readonly wanted: AbortSignal
  end(): Promise<void>
}

/**
 * Says in a folder that a command works in it and gives it to a server that starts. A folder that takes no such file
 * is worked in all the same.
 */
export async function beginTurn(directory: string, command: string): Promise<CommandTurn> {
  const file = await leaveFile(directory, 'command', `layerdock ${command}, process ${process.pid}`)
  const controller = new AbortController()
  const timer = setInterval(async () => {
    await file.touch()
    if (await isWanted(directory)) controller.abort(new GaveWay())
  }, everyMs)
  timer.unref()
  return {
    wanted: controller.signal,
    async end() {
      clearInterval(timer)
      await file.remove()
    },
  }
}

/** A command ended before its work did, since a server waits for the folder. */
export class GaveWay extends Error {
  override readonly name = 'GaveWay'
}

/** Whether a server waits for the folder that a command has. */
export async function isWanted(directory: string): Promise<boolean> {
  return (await freshFile(directory, 'server')) !== null
}

/**
 * Opens a folder for a server: where a command has it, the command is asked to give way and is waited for.
 *
 * @throws StoreInUse where another process has it, or the command does not give way; StoppedWaiting; as `open`.
 */
export async function openInTurn<T>(
  directory: string,
  open: () => Promise<T>,
  { log, stop }: Pick<Patience, 'log' | 'stop'>,
): Promise<T> {
  let asked: LeftFile | null = null
  let isStopped = false
  void stop.then(() => {
    isStopped = true
  })
  try {
    for (const deadline = performance.now() + patienceMs; ; ) {
      try {
        return await open()
      } catch (error) {
        if (!(error instanceof StoreInUse) || performance.now() > deadline) throw error
        const command = await freshFile(directory, 'command')
        if (command === null && asked === null) throw error
        if (isStopped) throw new StoppedWaiting()
        if (asked === null) {
          log.info({ command }, 'waiting for a command that has the folder, which gives way')
          asked = await leaveFile(directory, 'server', `process ${process.pid}`)
        }
        await asked.touch()
        // Another server may have been faster than this one.
        if (command === null) return await open()
        await new Promise((resolve) => setTimeout(resolve, everyMs))
      }
    }
  } finally {
    await asked?.remove()
  }
}

interface LeftFile {
  touch(): Promise<void>
  remove(): Promise<void>
}

/** What fails with it changes nothing: it is there to be seen. */
async function leaveFile(directory: string, kind: Kind, text: string): Promise<LeftFile> {
  const path = join(directory, `${kind}.${randomUUID()}`)
  await writeFile(path, text, { mode: 0o600 }).catch(() => {})
  return {
    async touch() {
      const now = new Date()
      await utimes(path, now, now).catch(() => {})
    },
    remove: () => rm(path, { force: true }).catch(() => {}),
  }
}

/** What stands in a file of that kind whose process was there a moment ago; null where there is none. */
async function freshFile(directory: string, kind: Kind): Promise<string | null> {
  const names = await readdir(directory).catch((): string[] => [])
  let found: string | null = null
  for (const name of names.filter((each) => isOfKind(each, kind))) {
    const path = join(directory, name)
    try {
      const age = Date.now() - (await stat(path)).mtimeMs
      if (Math.abs(age) < freshMs) found = await readFile(path, 'utf8')
      // Of a process that was killed.
      else if (age > dayMs) await rm(path, { force: true })
    } catch {
      // It ends just now.
    }
  }
  return found
}

const dayMs = 24 * 60 * 60 * 1000

function isOfKind(name: string, kind: Kind): boolean {
  return (
    name.startsWith(`${kind}.`) && /^\w+\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name)
  )
}
