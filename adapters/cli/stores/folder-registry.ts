import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { KeyStore } from '../../../src/access/index.ts'
import type { BlobStore } from '../../../src/kit.ts'
import { layoutOf } from '../../disk/layout.ts'
import { nodeFiles } from '../../disk/node-files.ts'
import { type DiskRegistry, openRegistry } from '../../disk/open-registry.ts'
import { readOrigin } from '../../disk/origin.ts'
import { realPath } from '../../disk/real-path.ts'
import { CliError, exitCodes } from '../exit.ts'
import { explainStorage } from '../explain.ts'
import { openInTurn } from '../folder-turn.ts'
import { type Planes, planesLooker } from '../health.ts'
import type { Entries } from '../log.ts'
import type { Opened, OpenParts } from '../open-registry.ts'
import { codeOf, replaceFile } from '../whole-file.ts'
import type { OpenBucket } from './bucket.ts'
import { expectRestored, restoreNote } from './half-restored.ts'
import { expectSameBytes } from './same-bytes.ts'

/** Without probes, the log still has to say that the storage is gone. */
const lookEveryMs = 3_000

/**
 * A registry in a folder, or with its names in the folder and its bytes in a bucket.
 *
 * @throws CliError when the folder cannot be opened.
 */
export async function openFolder(parts: OpenParts, bucket: OpenBucket | null): Promise<Opened> {
  const { options, maintenance, buffers, settings, log } = parts
  const directory = settings.storageDir
  const blobs = bucket === null ? {} : { blobs: checkedSeldom(bucket.blobs) }
  if (bucket !== null) {
    await expectRestored(noteFile(join(resolve(directory), `${restoreNote}.json`)), directory)
    if (!settings.readOnly) await warnOfCopy(directory, bucket.place, log)
  }
  const registry = await explained(directory, () =>
    inTurn(parts, () => openRegistry({ ...options, ...blobs, directory, buffers, maintenance })),
  )
  const place = resolve(directory)
  if (bucket !== null && !settings.readOnly) {
    try {
      const { fileKeyStore } = await import('../signing-keys-file.ts')
      const names = fileKeyStore(join(place, 'bucket.json'))
      await expectSameBytes(names, bucket.marker, { names: place, bytes: bucket.place })
    } catch (error) {
      await registry.close()
      throw error
    }
  }
  const look = planesLooker(() => planesOf(registry))
  const timer = setInterval(look, lookEveryMs)
  timer.unref()
  return {
    registry,
    stores: registry.stores,
    note: (name) => noteFile(join(place, `${name}.json`)),
    uploads: () => registry.status().store.uploads,
    kept:
      bucket === null
        ? { fields: { storage: place }, text: `keeping everything in ${place}` }
        : {
            fields: { storage: place, bucket: bucket.place },
            text: `keeping names in ${place} and bytes in ${bucket.place}`,
          },
    look,
    async close() {
      clearInterval(timer)
      await registry.close()
      await bucket?.close()
    },
  }
}

/** A document that this process alone has, since it has the folder. */
function noteFile(path: string): KeyStore {
  return {
    async read() {
      try {
        return await readFile(path, 'utf8')
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return null
        throw error
      }
    },
    async replace(before, after) {
      if ((await this.read()) !== before) return false
      await replaceFile(path, after)
      return true
    },
  }
}

/** How long a bucket that answered is taken to answer still, in milliseconds: a look has a price. */
const trustedMs = 10_000

function checkedSeldom(blobs: BlobStore): BlobStore {
  let wellAt = Number.NEGATIVE_INFINITY
  return {
    ...blobs,
    async check() {
      if (performance.now() - wellAt < trustedMs) return
      await blobs.check?.()
      wellAt = performance.now()
    },
  }
}

/** Opens something in a folder. @throws CliError that says what to do, where that is known. */
export async function explained<T>(directory: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (error) {
    const explanation = explainStorage(error, directory)
    if (explanation === null) throw error
    throw new CliError(exitCodes.problem, [explanation], { cause: error })
  }
}

/** Says that names were copied: they do not tell what another server does with the same bucket. */
async function warnOfCopy(directory: string, bucket: string, log: Entries): Promise<void> {
  const layout = layoutOf(realPath(resolve(directory)))
  if ((await readOrigin(nodeFiles, layout).catch(() => 'unknown')) !== 'copied') return
  log.warn(
    { storage: directory, bucket },
    'this folder is a copy. No server may run with the other folder and the same bucket: each deletes bytes that it has no name for. layerdock verify says whether all bytes are there',
  )
}

/** Opens the folder of the settings; a server has a command give way that has it. */
export function inTurn<T>(
  { isServer = false, settings: { storageDir, readOnly }, log, stop }: OpenParts,
  open: () => Promise<T>,
): Promise<T> {
  return isServer && !readOnly ? openInTurn(resolve(storageDir), open, { log, stop }) : open()
}

async function planesOf(registry: DiskRegistry): Promise<Planes> {
  // What it finds is in the status.
  await registry.check().catch(() => {})
  return registry.status().store.health
}
