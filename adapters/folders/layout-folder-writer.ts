import { randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Digest } from '../../src/index.ts'
import {
  algorithmOf,
  type BlobWriter,
  ContentFault,
  digestOf,
  encodedOf,
  type HashFactory,
  type LayoutWriter,
  mostIndexBytes,
} from '../../src/kit.ts'
import { fileStream } from './file-stream.ts'
import { asStorage } from './storage-errors.ts'

/** What a folder is that a layout cannot be written to. */
export class UnfitLayout extends Error {
  override readonly name = 'UnfitLayout'
}

/** Where files are until they are whole. */
const unfinished = '.layerdock-export'

/**
 * Writes a layout in a folder, which is made where there is none. A file has its name once it is whole and durable,
 * and the index comes last: a layout that was there stays as it was until then.
 *
 * @throws UnfitLayout for a folder that holds something else.
 */
export async function layoutFolderWriter(path: string, hash: HashFactory): Promise<LayoutWriter> {
  const names = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const others = names.filter((name) => name !== unfinished)
  if (others.length > 0 && !others.includes('oci-layout')) {
    throw new UnfitLayout(`${path} holds ${others[0]} and is not an image layout`)
  }
  await asStorage(async () => {
    for (const algorithm of ['sha256', 'sha512']) {
      await mkdir(join(path, 'blobs', algorithm), { recursive: true })
    }
    await rm(join(path, unfinished), { recursive: true, force: true })
    await mkdir(join(path, unfinished))
  })
  const writer = new FolderWriter(path, hash)
  if (!others.includes('oci-layout')) {
    await writer.replace('oci-layout', new TextEncoder().encode('{"imageLayoutVersion":"1.0.0"}'))
  }
  return writer
}

class FolderWriter implements LayoutWriter {
  readonly #path: string
  readonly #hash: HashFactory

  constructor(path: string, hash: HashFactory) {
    this.#path = path
    this.#hash = hash
  }

  async index(): Promise<Uint8Array | null> {
    const handle = await found(join(this.#path, 'index.json'))
    if (handle === null) return null
    try {
      const { size } = await handle.stat()
      if (size > mostIndexBytes) throw new UnfitLayout('its index.json is too large')
      return new Uint8Array(await handle.readFile())
    } finally {
      await handle.close()
    }
  }

  async has(digest: Digest): Promise<boolean> {
    const handle = await found(this.#blob(digest))
    if (handle === null) return false
    try {
      const { size } = await handle.stat()
      const algorithm = algorithmOf(digest)
      const hash = this.#hash(algorithm, undefined, size)
      for await (const chunk of fileStream(handle, {})) await hash.update(chunk)
      return digestOf(algorithm, await hash.digest()) === digest
    } finally {
      await handle.close()
    }
  }

  async stage(digest: Digest): Promise<BlobWriter> {
    const file = await this.#create()
    return {
      write: (chunk) => file.write(chunk),
      commit: () => file.become(this.#blob(digest)),
      discard: () => file.discard(),
    }
  }

  async finish(index: Uint8Array): Promise<void> {
    for (const algorithm of ['sha256', 'sha512']) {
      await syncFolder(join(this.#path, 'blobs', algorithm))
    }
    await this.replace('index.json', index)
    await rm(join(this.#path, unfinished), { recursive: true, force: true })
    // An empty folder says nothing.
    await rmdir(join(this.#path, 'blobs', 'sha512')).catch(() => {})
    await syncFolder(this.#path)
  }

  /** Writes a whole file in one step. */
  async replace(name: string, bytes: Uint8Array): Promise<void> {
    const file = await this.#create()
    try {
      await file.write(bytes)
      await file.become(join(this.#path, name))
    } catch (error) {
      await file.discard()
      throw error
    }
    await syncFolder(this.#path)
  }

  async #create(): Promise<UnfinishedFile> {
    const path = join(this.#path, unfinished, randomUUID())
    return new UnfinishedFile(path, await asStorage(() => open(path, 'wx')))
  }

  #blob(digest: Digest): string {
    return join(this.#path, 'blobs', algorithmOf(digest), encodedOf(digest))
  }
}

class UnfinishedFile {
  readonly #path: string
  readonly #handle: FileHandle
  #isOver = false

  constructor(path: string, handle: FileHandle) {
    this.#path = path
    this.#handle = handle
  }

  async write(chunk: Uint8Array): Promise<void> {
    await writeAll(this.#handle, chunk)
  }

  async become(path: string): Promise<void> {
    await asStorage(async () => {
      await this.#handle.datasync()
      await this.#handle.close()
      this.#isOver = true
      await rename(this.#path, path)
    })
  }

  async discard(): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    await this.#handle.close()
    await rm(this.#path, { force: true })
  }
}

/** Writes all of it: a write may be short, on a full disk without an error. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  await asStorage(async () => {
    for (let at = 0; at < bytes.byteLength; ) {
      const { bytesWritten } = await handle.write(bytes, at, bytes.byteLength - at)
      at += bytesWritten
    }
  })
}

async function found(path: string): Promise<FileHandle | null> {
  try {
    const handle = await open(path, 'r')
    if ((await handle.stat()).isFile()) return handle
    await handle.close()
    throw new ContentFault('refused', `${path} is not a file`)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

async function syncFolder(path: string): Promise<void> {
  await asStorage(async () => {
    const handle = await open(path, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  })
}
