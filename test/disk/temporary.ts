import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type DiskStore, type DiskStoreOptions, openDiskStore } from '../../adapters/disk/store.ts'
import type { LockKind } from '../../adapters/disk/store-marker.ts'

/** Runs when the test has ended, after what was registered later. */
export function afterTest(cleanup: () => Promise<unknown>): void {
  // No hook of this file: files of tests that share a process load it once.
  onTestFinished(async () => void (await cleanup()))
}

/** A folder that goes when the test has ended. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'layerdock-disk-'))
  afterTest(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** An open store, closed when the test has ended; in a folder of its own unless one is given. */
export async function openStore(options: Partial<DiskStoreOptions> = {}): Promise<DiskStore> {
  const directory = options.directory ?? (await temporaryFolder())
  const store = await openDiskStore({ ...options, directory })
  afterTest(() => store.close().catch(() => {}))
  return store
}

/** The folder of a store that was made and closed again. */
export async function closedStore(lock?: LockKind): Promise<string> {
  const directory = await temporaryFolder()
  const store = await openDiskStore({ directory, ...(lock === undefined ? {} : { lock }) })
  await store.close()
  return directory
}
