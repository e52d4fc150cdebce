import { relative } from 'node:path'
import type { Files, OpenFile } from '../../adapters/disk/files.ts'

/** What is done carelessly, by the path below the store's folder. */
export interface Carelessness {
  /** Syncs of these files are not made. */
  readonly unsyncedFiles?: RegExp
  /** Syncs of these folders are not made. */
  readonly unsyncedFolders?: RegExp
  /** Writes to these files are said to be made, and made up to 300 ms later. */
  readonly lateWrites?: RegExp
  /** What is written to these files stays in memory, too. */
  readonly keptWrites?: RegExp
  /** Writes to these files are said to be whole, whatever became of them. */
  readonly blindWrites?: RegExp
}

/** File operations that are not what they say: what a store would do that forgot a sync, or kept writes back. */
export function carelessFiles(files: Files, root: string, careless: Carelessness): Files {
  const among = (paths: RegExp | undefined, path: string): boolean =>
    paths?.test(relative(root, path)) ?? false
  return {
    async open(path, mode) {
      const file = await files.open(path, mode)
      if (among(careless.unsyncedFiles, path)) return butFile(file, { datasync: async () => {} })
      if (among(careless.blindWrites, path)) return blind(file)
      if (among(careless.keptWrites, path)) return keeping(file)
      return among(careless.lateWrites, path) ? late(file) : file
    },
    async openDirectory(path) {
      const folder = await files.openDirectory(path)
      const isUnsynced = among(careless.unsyncedFolders, path)
      return isUnsynced ? { sync: async () => {}, close: () => folder.close() } : folder
    },
    stat: (path) => files.stat(path),
    statNow: (path) => files.statNow(path),
    rename: (from, to) => files.rename(from, to),
    link: (from, to) => files.link(from, to),
    unlink: (path) => files.unlink(path),
    makeDirectory: (path) => files.makeDirectory(path),
    list: (path) => files.list(path),
  }
}

/** What no one frees. */
const kept: Uint8Array[] = []

function keeping(file: OpenFile): OpenFile {
  return butFile(file, {
    write(chunks, position) {
      kept.push(new Uint8Array(Buffer.concat(chunks)))
      return file.write(chunks, position)
    },
  })
}

function blind(file: OpenFile): OpenFile {
  return butFile(file, {
    async write(chunks, position) {
      await file.write(chunks, position).catch(() => {})
      return chunks.reduce((sum, { byteLength }) => sum + byteLength, 0)
    },
  })
}

const lateMs = 300

function late(file: OpenFile): OpenFile {
  let waiting: { readonly bytes: Uint8Array; readonly position: number }[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  const flush = async (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    const writes = waiting
    waiting = []
    for (const { bytes, position } of writes) {
      for (let at = 0; at < bytes.byteLength; ) {
        at += await file.write([bytes.subarray(at)], position + at)
      }
    }
  }
  return butFile(file, {
    async write(chunks, position) {
      const bytes = new Uint8Array(Buffer.concat(chunks))
      waiting.push({ bytes, position })
      timer ??= setTimeout(() => void flush().catch(() => {}), lateMs)
      return bytes.byteLength
    },
    datasync: async () => {},
    async truncate(size) {
      await flush()
      await file.truncate(size)
    },
    async close() {
      await flush()
      await file.close()
    },
  })
}

/** The file with some methods changed. */
export function butFile(file: OpenFile, change: Partial<OpenFile>): OpenFile {
  return {
    fd: file.fd,
    size: file.size,
    identity: file.identity,
    write: (chunks, position) => file.write(chunks, position),
    read: (into, offset, length, position) => file.read(into, offset, length, position),
    readNow: (into, offset, length, position) => file.readNow(into, offset, length, position),
    datasync: () => file.datasync(),
    truncate: (size) => file.truncate(size),
    close: () => file.close(),
    ...change,
  }
}
