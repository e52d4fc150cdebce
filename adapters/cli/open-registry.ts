import type { KeyStore } from '../../src/access/index.ts'
import type { Registry, RegistryStores } from '../../src/index.ts'
import type { MaintenanceOptions, MaintenanceTurns } from '../../src/kit.ts'
import type { BufferBudget } from '../disk/buffers.ts'
import type { Planes } from './health.ts'
import type { Entries } from './log.ts'
import type { MeasuredCalls } from './metrics/measured-calls.ts'
import type { ServedOptions } from './registry-options.ts'
import type { Settings } from './settings.ts'
import type { StartedDatabase } from './stores/database.ts'
import { openFolder } from './stores/folder-registry.ts'
import { openMemory } from './stores/memory-registry.ts'
import { StoppedWaiting } from './stores/wait-for.ts'

/** An open registry and its health. */
export interface Opened {
  readonly registry: Registry
  /** What it is made of. */
  readonly stores: RegistryStores
  /** A small document of the server's own, kept with the names, so that all nodes have the same. */
  note(name: string): KeyStore
  /** How many upload sessions there are, where the stores tell. */
  uploads?(): number
  /** Whose turn it is, where several nodes have the same stores. */
  readonly turns?: MaintenanceTurns
  /** Where it keeps everything, for people: no secrets. */
  readonly kept: {
    /** For an entry of the log. */
    readonly fields: Readonly<Record<string, unknown>>
    /** For a person at a terminal. */
    readonly text: string
  }
  /** Checks the registry's parts; cheap when called often. Never rejects. */
  look(): Promise<Planes>
  /** Stops maintenance and closes the registry. */
  close(): Promise<void>
}

/** What a registry is opened with. */
export interface OpenParts {
  readonly settings: Settings
  readonly options: ServedOptions
  readonly maintenance: MaintenanceOptions
  readonly buffers: BufferBudget
  readonly log: Entries
  /** Where names are; null for a folder. */
  readonly database: StartedDatabase | null
  /** Resolves when the program is asked to end. */
  readonly stop: Promise<unknown>
  /** Measures what is asked of the database and the bucket. Default: nothing does. */
  readonly calls?: MeasuredCalls
  /** Whether a command that has the folder is asked to give way. Default: no. */
  readonly isServer?: boolean
}

/**
 * Opens the registry that the settings ask for, and starts its maintenance.
 *
 * @throws CliError when its stores cannot be opened; StoppedWaiting.
 */
export async function openSettings(parts: OpenParts): Promise<Opened> {
  const { settings, database, log, stop } = parts
  if (settings.memory) return openMemory(parts)
  if (settings.bucket === null && database === null) return openFolder(parts, null)
  // Most servers have neither: what they need is loaded where it is asked for.
  const { openBucket } = await import('./stores/bucket.ts')
  // What is wrong with the database need not wait for the bucket.
  const failed = new Promise<void>((resolve) => void database?.opened.catch(() => resolve()))
  const patience = { withinMs: settings.storeWait, log, stop: Promise.race([stop, failed]) }
  const bucket = await openBucket(settings, patience, bucketCalls(parts)).catch(
    async (error: unknown) => {
      if (error instanceof StoppedWaiting) await database?.opened
      throw error
    },
  )
  try {
    if (database === null) return await openFolder(parts, bucket)
    const { openDatabaseRegistry } = await import('./stores/database-registry.ts')
    return await openDatabaseRegistry(parts, database, bucket)
  } catch (error) {
    await bucket?.close()
    throw error
  }
}

/** Who hears of calls of the bucket: metrics, traces, both or neither. */
function bucketCalls({ calls, options: { tracing } }: OpenParts): MeasuredCalls['s3'] | undefined {
  if (tracing === undefined) return calls?.s3
  return (operation, seconds, isFailed) => {
    calls?.s3(operation, seconds, isFailed)
    tracing.called(`s3.${operation}`, seconds, isFailed)
  }
}
