import { resolve } from 'node:path'
import { type NoticeSink, RegistryError } from '../../../src/index.ts'
import { onDeno, transferBytes } from '../../deno/deno.ts'
import { BufferBudget } from '../../disk/buffers.ts'
import { StoreInUse } from '../../disk/lock.ts'
import { CliError, exitCodes } from '../exit.ts'
import { expectOwnFolder } from '../folder-owner.ts'
import { beginTurn, GaveWay, isWanted } from '../folder-turn.ts'
import { FileRefused } from '../guarded-file.ts'
import type { Entries } from '../log.ts'
import { type Opened, openSettings } from '../open-registry.ts'
import { registryOptions } from '../registry-options.ts'
import type { Settings } from '../settings.ts'
import { expectStore } from '../start-over.ts'
import { wantsDatabase } from '../store-settings.ts'
import { type AdminAddress, adminFileOf, readAdminFile } from './admin-file.ts'
import { askServer, type Hearing } from './ask-server.ts'
import type { Operation } from './operation.ts'
import { toldOf } from './operation-error.ts'

/** Who hears what an operation has to say. */
export interface Caller extends Hearing {
  /** Takes warnings of a registry that the command opened itself. */
  readonly log: Entries
  readonly onNotice: NoticeSink
  /** Resolves when the command is asked to end. */
  readonly stop: Promise<unknown>
}

/** Which registry is meant. */
export interface Place {
  readonly settings: Settings
  /** Whether its folder, database or bucket was given, and is not just the default. */
  readonly isNamed: boolean
}

/** How long a folder may be held by a server that cannot be asked: one that starts or ends, in milliseconds. */
const patienceMs = 5_000
const pauseMs = 100
/** The same for one that starts and was given the folder: its names may be many. */
const startMs = 120_000

/**
 * Has an operation done: by the server that has the registry, or by this process where none has it.
 *
 * @returns its result
 * @throws CliError that says what to do.
 */
export async function perform(
  operation: Operation,
  input: unknown,
  place: Place,
  caller: Caller,
): Promise<unknown> {
  const { settings } = place
  const path = adminFileOf(settings)
  let deadline = performance.now() + patienceMs
  for (; ; await pause()) {
    caller.signal.throwIfAborted()
    const address = path === null ? null : await addressIn(path)
    if (address !== null) {
      const answered = await askServer(address, operation, input, caller)
      if (answered !== null) return answered.result
    }
    expectOpenable(place, path, address)
    try {
      // A server that waits for the folder comes first.
      if (!hasFolder(settings) || !(await isWanted(settings.storageDir))) {
        return await performHere(operation, input, settings, caller)
      }
    } catch (error) {
      if (error instanceof GaveWay) {
        deadline = performance.now() + startMs
        caller.log.warn(`a server starts in this folder, and does ${operation.name}`)
      } else if (!isInUse(error)) throw error
      if (performance.now() > deadline) throw unreachable(settings, path, address)
    }
  }
}

async function addressIn(path: string): Promise<AdminAddress | null> {
  try {
    return await readAdminFile(path)
  } catch (error) {
    if (!(error instanceof FileRefused)) throw error
    throw new CliError(exitCodes.problem, [`${path}: ${error.message}`])
  }
}

/** What only a server has cannot be opened here, and a file whose server is not there does not mean the default folder. */
function expectOpenable(
  { settings: { memory, adminFile }, isNamed }: Place,
  path: string | null,
  address: AdminAddress | null,
): void {
  if (!memory && (adminFile === null || isNamed)) return
  const hint = memory ? '' : '. Without a server, name the folder (--storage-dir) or the database'
  const problem =
    path === null
      ? 'a registry in memory is reached through its server: name its --admin-file'
      : `${path}: ${address === null ? 'no server has written it' : 'its server has ended'}${hint}`
  throw new CliError(exitCodes.problem, [problem])
}

/** Why a folder that another process has cannot be reached through it. */
function unreachable(
  settings: Settings,
  path: string | null,
  address: AdminAddress | null,
): CliError {
  const folder = `${resolve(settings.storageDir)}: a process has this folder`
  const problem =
    address === null
      ? `${folder}, and there is no ${path}. It is a server with --no-admin, --read-only or --admin-file, or another command. Name its --admin-file, or stop it first`
      : `${folder}, and ${path} is of another, process ${address.pid}, which has ended. Name the --admin-file of the server, or stop it first`
  return new CliError(exitCodes.problem, [problem])
}

/** Whether this process would have a folder for itself. */
function hasFolder(settings: Settings): boolean {
  return !wantsDatabase(settings) || settings.bucket === null
}

function isInUse(error: unknown): boolean {
  return error instanceof CliError && error.cause instanceof StoreInUse
}

/** Opens the registry of the settings for one operation, without any maintenance beside it. */
async function performHere(
  operation: Operation,
  input: unknown,
  settings: Settings,
  caller: Caller,
): Promise<unknown> {
  const { signal } = caller
  const inFolder = hasFolder(settings)
  // Opening would make one where there is none.
  if (inFolder) await expectStore(settings.storageDir)
  const readOnly = settings.readOnly || !operation.changes(input)
  if (settings.readOnly && operation.changes(input)) {
    throw new CliError(exitCodes.problem, [
      `the settings say that the registry is only read (readOnly), so there is no ${operation.name}`,
    ])
  }
  if (inFolder && !readOnly) {
    await expectOwnFolder(settings.storageDir, ', or start its server, which does the work then')
  }
  const used = { ...settings, readOnly }
  // Settings that say so have nothing written into the folder.
  const isTaken = inFolder && !settings.readOnly
  const turn = isTaken ? await beginTurn(settings.storageDir, operation.name) : null
  try {
    const signals = turn === null ? signal : AbortSignal.any([signal, turn.wanted])
    return await performOpened(operation, input, used, { ...caller, signal: signals })
  } finally {
    await turn?.end()
  }
}

async function performOpened(
  operation: Operation,
  input: unknown,
  settings: Settings,
  caller: Caller,
): Promise<unknown> {
  const { signal, tell, write, log, onNotice } = caller
  const opened = await openHere(settings, caller)
  try {
    const { registry, stores, note } = opened
    const own = { settings, log, logIsRead: true, onNotice, signal, tell, write }
    return await operation.run(input, { registry, stores, note, ...own })
  } catch (error) {
    if (signal.reason instanceof GaveWay) throw signal.reason
    const told = signal.aborted ? null : toldOf(error)
    if (told === null || error instanceof CliError) throw error
    throw new CliError(told.exitCode, told.messages)
  } finally {
    await opened.close().catch((error: unknown) => {
      if (!(error instanceof RegistryError)) throw error
    })
  }
}

async function openHere(settings: Settings, { log, onNotice, stop }: Caller): Promise<Opened> {
  const patience = { log, stop, withinMs: settings.storeWait }
  const database = wantsDatabase(settings)
    ? (await import('../stores/database.ts')).startDatabase(settings, patience)
    : null
  try {
    return await openSettings({
      settings,
      options: registryOptions(settings, { onEvent: () => {}, onNotice }, {}),
      maintenance: { collectEveryMs: null, sweepEveryMs: null, compactEveryMs: null },
      buffers: new BufferBudget(onDeno ? transferBytes : undefined),
      log,
      database,
      stop,
    })
  } catch (error) {
    await database?.close()
    throw error
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, pauseMs))
}
