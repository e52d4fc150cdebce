// A registry on disk and its web page, in a program of your own.
import { openRegistry, serve } from 'layerdock/node'
import { createUi } from 'layerdock/ui'

const registry = await openRegistry({ directory: process.env.DATA ?? './registry-data' })
// It answers for both: what is not the page's is the registry's.
const page = createUi(registry, { title: 'My registry' })
export const server: Awaited<ReturnType<typeof serve>> = await serve(page, {
  host: '127.0.0.1',
  port: Number(process.env.PORT ?? 5000),
})

/** For SIGTERM. A view that waits for changes would hold up the end. */
export async function stop(): Promise<void> {
  page.close()
  await server.close(10_000)
  await registry.close()
}
