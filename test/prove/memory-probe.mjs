// Loaded before a server's own program: collects garbage when its port is asked, and answers what memory is taken then.
import { createServer } from 'node:http'
import process from 'node:process'
import { isMainThread } from 'node:worker_threads'

const turns = 3

/** @returns {Promise<{ live: number, resident: number }>} bytes of what something refers to, and of the process */
async function afterCollection() {
  for (let turn = 0; turn < turns; turn += 1) {
    // What finalizers let go of is collected by the next turn.
    await collect()
    await new Promise((done) => setTimeout(done, 5))
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  return { live: heapUsed + external, resident: rss }
}

async function collect() {
  if ('Bun' in globalThis) Reflect.get(globalThis, 'Bun').gc(true)
  else globalThis.gc?.()
}

// Threads of the program load this too.
if (isMainThread) {
  const server = createServer((_, response) => {
    afterCollection().then((found) => response.end(JSON.stringify(found)))
  })
  // Deno does not begin with the program while this is waited for.
  server.listen(Number(process.env.PROVE_MEMORY_PORT), '127.0.0.1').unref()
}
