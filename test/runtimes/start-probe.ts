import { fileURLToPath } from 'node:url'
import { runtimes, startProgram } from '../../conformance/servers.mjs'

/** The runtimes that have an adapter of their own. */
export type Runtime = 'node' | 'bun' | 'deno'

/** A probe that listens on loopback. */
export interface Probe {
  readonly port: number
  stop(): Promise<void>
}

const probeServer = fileURLToPath(new URL('probe-server.ts', import.meta.url))

/**
 * Starts a probe behind the adapter of a runtime: Node's in this process, the others as programs.
 *
 * @param options of `serve`; a program gets them as JSON
 */
export async function startProbe(runtime: Runtime, options: object = {}): Promise<Probe> {
  if (runtime === 'node') {
    const { serve } = await import('../../adapters/node-fs/index.ts')
    const { probe } = await import('./probe.ts')
    const serving = await serve(probe(), { port: 0, ...options })
    return { port: serving.port ?? 0, stop: async () => void (await serving.close(0)) }
  }
  const [program = '', ...args] = runtimes[runtime]?.find('current').command ?? []
  const { host, kill } = await startProgram(program, [
    ...args,
    probeServer,
    JSON.stringify(options),
  ])
  return { port: Number(host.split(':')[1]), stop: kill }
}
