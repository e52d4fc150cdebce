import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { UploadStore } from '../../../src/kit.ts'
import { openBlobFolder } from '../../disk/blob-folder.ts'
import type { OpenParts } from '../open-registry.ts'
import { codeOf, replaceFile } from '../whole-file.ts'
import type { BytesPlace } from './database-registry.ts'
import { explained, inTurn } from './folder-registry.ts'
import { type BytesMarker, markerName } from './same-bytes.ts'

/**
 * Opens the folder of the settings for the bytes of names that are in a database. One server has it at a time.
 *
 * @throws CliError when it cannot be opened.
 */
export async function openBlobFiles(parts: OpenParts, uploads: UploadStore): Promise<BytesPlace> {
  const { settings, buffers, options } = parts
  const { storageDir, readOnly, manifestCache } = settings
  const { onNotice } = options
  const directory = resolve(storageDir)
  const folder = await explained(storageDir, () =>
    inTurn(parts, () =>
      openBlobFolder({ directory, readOnly, onNotice, buffers, cacheBytes: manifestCache / 4 }),
    ),
  )
  await folder.clearUploads(
    async (id) => (await uploads.find(id, Number.POSITIVE_INFINITY)) !== null,
  )
  return {
    blobs: folder.blobs,
    place: directory,
    marker: folderMarker(directory),
    watched: {
      name: 'the storage',
      tells: true,
      async check() {
        const { state, reason } = await folder.check()
        if (state === 'unavailable' || state === 'read-only') throw new Error(`${reason}`)
      },
    },
    close: () => folder.close(),
  }
}

/** The marker of bytes in a folder. */
export function folderMarker(directory: string): BytesMarker {
  const marker = join(directory, markerName)
  return {
    async read() {
      try {
        return await readFile(marker, 'utf8')
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return null
        throw error
      }
    },
    write: (text) => replaceFile(marker, text),
  }
}
