// A registry in the memory of Cloudflare's runtime whose bytes rot once it is told to, for verify-reads.test.ts.
import { createRegistry } from '../../src/index.ts'
import { type BlobStore, memoryStores } from '../../src/kit.ts'

const stores = memoryStores()
let isRotten = false

const open: BlobStore['open'] = async (ref, how) => {
  const found = await stores.blobs.open(ref, how)
  if (found === null || !isRotten) return found
  const { bytes: _, ...opened } = found
  const stream: typeof found.stream = (span) =>
    found.stream(span).pipeThrough(
      new TransformStream({
        transform(chunk: Uint8Array, controller) {
          const copy = chunk.slice()
          copy[copy.length - 1] = (copy[copy.length - 1] ?? 0) ^ 1
          controller.enqueue(copy)
        },
      }),
    )
  return { ...opened, stream }
}

const { fetch } = createRegistry({
  stores: { ...stores, blobs: Object.assign(Object.create(stores.blobs), { open }) },
  verifyReads: true,
})

const worker: { fetch(request: Request): Response | Promise<Response> } = {
  fetch(request) {
    if (new URL(request.url).pathname !== '/rot') return fetch(request)
    isRotten = request.method === 'POST'
    return new Response(null, { status: 204 })
  },
}
export default worker
