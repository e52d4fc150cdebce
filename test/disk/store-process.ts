// Opens a store as another process does, says on its standard output what came of it, and ends.
// Run by Bun, which needs no build.
import { openDiskStore } from '../../adapters/disk/store.ts'
import { newUploadId } from '../../src/kit.ts'
import { readAll, sampleBytes, sampleDigest } from '../../src/testing/samples.ts'

const [mode, directory = ''] = process.argv.slice(2)

/** What a reader finds, and what becomes of a write. */
async function use(): Promise<object> {
  const store = await openDiskStore({ directory, readOnly: mode === 'read' })
  try {
    const blobs: number[] = []
    for await (const { digest, ...blob } of store.blobs.list()) {
      if (digest === null) continue
      const open = await store.blobs.open({ ...blob, digest })
      blobs.push((await readAll(open?.stream() ?? new ReadableStream())).byteLength)
    }
    await store.blobs.check?.()
    await store.uploads.check()
    const pushed = await push(store.blobs).catch((error: { kind?: string }) => error.kind)
    return { opened: true, blobs, sessions: store.status().uploads, pushed }
  } finally {
    await store.close()
  }
}

async function push(blobs: Awaited<ReturnType<typeof openDiskStore>>['blobs']): Promise<string> {
  const staged = await blobs.stage(newUploadId(), {})
  await staged.write(sampleBytes(10))
  await staged.commit(sampleDigest(9))
  return 'pushed'
}

const result = await use().catch((error: Error) => ({
  refused: error.name,
  message: error.message,
}))
process.stdout.write(JSON.stringify(result))
