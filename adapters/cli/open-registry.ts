import { createRegistry, type Registry } from '../../src/index.ts'
import { startMaintenance } from '../../src/kit.ts'
import type { BufferBudget } from '../disk/buffers.ts'
import { nodeHash } from '../disk/node-hash.ts'
import { type DiskRegistry, openRegistry } from '../disk/open-registry.ts'
import { CliError, exitCodes } from './exit.ts'
import { explainStorage } from './explain.ts'
import { allPlanes, type Planes, planesLooker } from './health.ts'
import { type AccessParts, registryOptions, type Sinks } from './registry-options.ts'
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
  sinks: Sinks,
  access: AccessParts,
  buffers: BufferBudget,
): Promise<Opened> {
  const options = registryOptions(settings, sinks, access)
  const maintenance = {
    collectEveryMs: settings.collectEvery,
    dropEmptyRepositories: settings.dropEmpty,
  }
  if (settings.memory) {
    const registry = createRegistry({ ...options, hash: nodeHash })
    const end = startMaintenance(registry, maintenance, sinks.onNotice)
    return {
      registry,
      look: async () => allPlanes('ok'),
      async close() {
        await end()
        await registry.close()
      },
    }
  }
  const directory = settings.storageDir
  try {
    const registry = await openRegistry({ ...options, directory, buffers, maintenance })
    return withLooks(registry)
  } catch (error) {
    const explanation = explainStorage(error, directory)
    throw explanation === null ? error : new CliError(exitCodes.problem, [explanation])
  }
}

/** Without probes, the log still has to say that the storage is gone. */
const lookEveryMs = 3_000

function withLooks(registry: DiskRegistry): Opened {
  const look = planesLooker(() => planesOf(registry))
  const timer = setInterval(look, lookEveryMs)
  timer.unref()
  return {
    registry,
    look,
    async close() {
      clearInterval(timer)
      await registry.close()
    },
  }
}

async function planesOf(registry: DiskRegistry): Promise<Planes> {
  // What it finds is in the status.
  await registry.check().catch(() => {})
  return registry.status().store.health
}
