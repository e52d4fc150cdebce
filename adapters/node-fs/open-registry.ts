import {
  type DiskRegistry,
  openDiskRegistry,
  type DiskRegistryOptions as WithHash,
} from '../disk/open-registry.ts'
import { nodeHash } from './hash.ts'

/** Options of a registry, with a folder in place of stores and a hash. */
export interface DiskRegistryOptions extends Omit<WithHash, 'hash'> {}

/**
 * Opens the registry in a folder, or makes one there. Its `close` lets go of the folder.
 *
 * @throws StoreInUse when another process has the folder.
 * @throws StoreDamaged when something acknowledged would be forgotten.
 */
export function openRegistry(options: DiskRegistryOptions): Promise<DiskRegistry> {
  return openDiskRegistry({ ...options, hash: nodeHash })
}
