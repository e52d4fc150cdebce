import { createRegistry, type EventSink, type Registry } from '../../src/index.ts'
import type { BufferBudget } from '../disk/buffers.ts'
import { nodeHash } from '../disk/node-hash.ts'
import { type DiskRegistry, openRegistry } from '../disk/open-registry.ts'
import { CliError, exitCodes } from './exit.ts'
import { explainStorage } from './explain.ts'
import { allPlanes, isReadyPlane, type Planes, planesLooker } from './health.ts'
import { startMaintenance } from './maintenance.ts'
import { registryOptions } from './registry-options.ts'
import type { Settings } from './settings.ts'

/** An open registry and its health. */
export interface Opened {
  readonly registry: Registry
  /** Checks the registry's parts; cheap when called often. Never rejects. */
  look(): Promise<Planes>
  /** Stops maintenance and closes the registry. */
  close(): Promise<void>
}

/**
 * Opens the registry that the settings ask for, and starts its maintenance.
 *
 * @throws CliError when its folder cannot be opened.
 */
export async function openSettings(
  settings: Settings,
  events: EventSink,
  buffers: BufferBudget,
): Promise<Opened> {
  const options = registryOptions(settings, events)
  if (settings.memory) {
    const registry = createRegistry({ ...options, hash: nodeHash })
    return withMaintenance(registry, async () => allPlanes('ok'), settings, events)
  }
  const directory = settings.storageDir
  try {
    const registry = await openRegistry({ ...options, directory, buffers })
    return withMaintenance(registry, () => planesOf(registry), settings, events)
  } catch (error) {
    const explanation = explainStorage(error, directory)
    throw explanation === null ? error : new CliError(exitCodes.problem, [explanation])
  }
}

function withMaintenance(
  registry: Registry,
  lookNow: () => Promise<Planes>,
  { collectEvery, readOnly }: Settings,
  events: EventSink,
): Opened {
  const look = planesLooker(lookNow)
  const end = startMaintenance({ registry, look, collectEveryMs: collectEvery, readOnly, events })
  return {
    registry,
    look,
    async close() {
      await end()
      await registry.close()
    },
  }
}

async function planesOf(registry: DiskRegistry): Promise<Planes> {
  await registry.check()
  const { store, metadata } = registry.status()
  const stopped =
    !store.readOnly && metadata.state === 'read-only' && isReadyPlane(store.health.metadata)
  if (!stopped) return store.health
  return { ...store.health, metadata: { state: 'read-only', reason: 'the storage failed' } }
}
