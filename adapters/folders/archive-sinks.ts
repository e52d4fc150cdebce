import { open, rename, rm } from 'node:fs/promises'
import type { ArchiveSink } from './layout-archive-writer.ts'
import { writeAll } from './layout-folder-writer.ts'
import { asStorage } from './storage-errors.ts'

/** A file that has its name once the archive is whole and durable. */
export async function archiveFile(path: string): Promise<ArchiveSink & { close(): Promise<void> }> {
  const unfinished = `${path}.unfinished`
  const handle = await asStorage(() => open(unfinished, 'w'))
  let isOver = false
  return {
    write: (bytes) => writeAll(handle, bytes),
    async finish() {
      await asStorage(() => handle.sync())
      await handle.close()
      isOver = true
      await rename(unfinished, path)
    },
    async close() {
      if (isOver) return
      isOver = true
      await handle.close()
      await rm(unfinished, { force: true })
    },
  }
}

/** A pipe, such as standard output. */
export function archivePipe(stream: NodeJS.WritableStream): ArchiveSink {
  let failed: Error | null = null
  stream.on('error', (error: Error) => {
    failed ??= error
  })
  return {
    async write(bytes) {
      if (failed !== null) throw failed
      if (bytes.byteLength === 0) return
      await new Promise<void>((resolve, reject) => {
        stream.write(bytes, (error) => (error ? reject(error) : resolve()))
      })
    },
    async finish() {},
  }
}
