import { type FileHandle, open, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { type ContentSource, type LayoutName, layoutSource, namedLayout } from '../../src/kit.ts'
import { distributionRoot, distributionSource } from './distribution-folder.ts'
import { openLayoutArchive } from './layout-archive.ts'
import { LayoutFolder } from './layout-folder.ts'
import { writeAll } from './layout-folder-writer.ts'
import { isLayout, registryOfLayouts } from './registry-of-layouts.ts'
import { SafeFolder } from './safe-folder.ts'

/** What a path turned out to be. */
export type ContentForm =
  | 'image layout'
  | 'archive'
  | 'folder of distribution'
  | 'folder of layouts'

/** Content of a folder or a file, opened. */
export interface OpenContent {
  readonly form: ContentForm
  readonly source: ContentSource
  close(): Promise<void>
}

/** A path that holds no content we know. */
export class UnknownContent extends Error {
  override readonly name = 'UnknownContent'
}

/**
 * Opens an image layout in a folder or an archive, or the folder of distribution, zot or olareg. It is only read.
 *
 * @param as where what is in a layout goes; null for what the layout says
 * @throws UnknownContent, LayoutWithoutName, TarProblem, ContentFault, and errors of the system.
 */
export async function openContent(path: string, as: LayoutName | null): Promise<OpenContent> {
  const found = await stat(path)
  if (found.isFile()) return await openArchive(await open(path, 'r'), as)
  if (!found.isDirectory()) throw new UnknownContent(`${path} is neither a folder nor a file`)
  const folder = await SafeFolder.open(path)
  const close = async (): Promise<void> => {}
  if (await isLayout(folder, [])) {
    const source = layoutSource(await namedLayout(new LayoutFolder(folder), as))
    return { form: 'image layout', source, close }
  }
  const root = await distributionRoot(folder)
  if (root !== null) {
    return { form: 'folder of distribution', source: distributionSource(folder, root), close }
  }
  const source = registryOfLayouts(folder)
  for await (const _ of source.repositories()) {
    return { form: 'folder of layouts', source: registryOfLayouts(folder), close }
  }
  throw new UnknownContent(
    `${path} is not an image layout, nor the folder of distribution, zot or olareg`,
  )
}

/**
 * Opens an archive that comes through a pipe: it is kept in a file without a name meanwhile.
 *
 * @param folder where that file is
 */
export async function openPipe(
  bytes: AsyncIterable<Uint8Array>,
  folder: string,
  as: LayoutName | null,
): Promise<OpenContent> {
  const path = join(folder, `layerdock-import-${process.pid}`)
  const handle = await open(path, 'wx+', 0o600)
  try {
    await unlink(path)
    for await (const chunk of bytes) await writeAll(handle, chunk)
  } catch (error) {
    await handle.close()
    throw error
  }
  return await openArchive(handle, as)
}

async function openArchive(handle: FileHandle, as: LayoutName | null): Promise<OpenContent> {
  try {
    const source = layoutSource(await namedLayout(await openLayoutArchive(handle), as))
    return { form: 'archive', source, close: () => handle.close() }
  } catch (error) {
    await handle.close()
    throw error
  }
}
