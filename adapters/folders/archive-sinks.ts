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

/** A pipe took no more. What was written of the archive is cut off, and is refused where it is read. */
export class PipeClosed extends Error {
  override readonly name = 'PipeClosed'
}

/** A pipe, such as standard output. Its writes reject with `PipeClosed` once it takes no more. */
export function archivePipe(stream: NodeJS.WritableStream): ArchiveSink {
  let failed: Error | null = null
  stream.on('error', (error: Error) => {
    failed ??= error
  })
  return {
    async write(bytes) {
      if (failed !== null) throw closed(failed)
      if (bytes.byteLength === 0) return
      try {
        await new Promise<void>((resolve, reject) => {
          // On Deno it throws what others tell the callback.
          stream.write(bytes, (error) => (error ? reject(error) : resolve()))
        })
      } catch (error) {
        failed ??= error as Error
        throw closed(failed)
      }
    },
    async finish() {},
  }
}

function closed(cause: NodeJS.ErrnoException): PipeClosed {
  return new PipeClosed(`${reasonOf(cause)}. The archive is not whole; make it again`, { cause })
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'EPIPE':
    case 'ECONNRESET':
    case 'ERR_STREAM_DESTROYED':
      return 'the program that reads standard output has ended'
    case 'ENOSPC':
    case 'EDQUOT':
      return 'there is no room left where standard output goes'
    default:
      return `standard output cannot be written: ${message}`
  }
}
