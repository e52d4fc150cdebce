// A registry on disk in a program of your own, as fast as `layerdock serve`.
import { openRegistry, serve } from 'layerdock/node'

const registry = await openRegistry({ directory: process.env.DATA ?? './registry-data' })
export const server: Awaited<ReturnType<typeof serve>> = await serve(registry, {
  host: '127.0.0.1',
  port: Number(process.env.PORT ?? 5000),
})
