import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { type RunningServer, runtimes, startProgram } from '../../conformance/servers.mjs'

/** The runtimes that have an adapter of their own. */
export type Runtime = 'node' | 'bun' | 'deno'

/** All of them, for `describe.each`. */
export const everyRuntime: readonly Runtime[] = ['node', 'bun', 'deno']

/** A probe that listens on loopback. */
export interface Probe {
  readonly port: number
  stop(): Promise<void>
}

const probeServer = fileURLToPath(new URL('probe-server.ts', import.meta.url))

/**
 * Starts a probe behind the adapter of a runtime: Node's in this process, the others as programs.
 *
 * @param options of `serve`, and `directory` for a registry on disk; a program gets them as JSON
 */
export async function startProbe(runtime: Runtime, options: object = {}): Promise<Probe> {
  if (runtime === 'node') {
    const { serve } = await import('../../adapters/node-fs/index.ts')
    const { watchedProbe } = await import('./watched-probe.ts')
    const { directory, ...others } = options as { readonly directory?: string }
    const { fetcher, observe } = await watchedProbe(directory)
    const serving = await serve(fetcher, { port: 0, observe, ...others })
    return { port: serving.port ?? 0, stop: async () => void (await serving.close(0)) }
  }
  const { port, stop } = await startProbeAlone(runtime, options)
  return { port, stop }
}

/** A probe that is a process of its own. */
export interface ProbeProcess extends Probe {
  readonly pid: number
}

/**
 * Starts a probe as a process of its own, on every runtime.
 *
 * @param options of `serve`, and `directory` for a registry on disk
 * @param descriptors how many the process may have
 */
export async function startProbeAlone(
  runtime: Runtime,
  options: object = {},
  descriptors?: number,
): Promise<ProbeProcess> {
  const [program = '', ...before] = runtimes[runtime]?.find('current').command ?? []
  const folder = mkdtempSync(join(tmpdir(), 'layerdock-probe-'))
  const entry = runtime === 'node' ? await bundled(folder) : probeServer
  const command = [program, ...before, entry, JSON.stringify(options)]
  const limited =
    descriptors === undefined
      ? command
      : ['sh', '-c', 'ulimit -n "$0" && exec "$@"', String(descriptors), ...command]
  const [first = '', ...args] = limited
  const { host, pid, kill }: RunningServer = await startProgram(first, args)
  const stop = async (): Promise<void> => {
    await kill()
    rmSync(folder, { recursive: true, force: true })
  }
  return { port: Number(host.split(':')[1]), pid, stop }
}

/** Node 20 runs no TypeScript. */
async function bundled(folder: string): Promise<string> {
  const outfile = join(folder, 'probe-server.mjs')
  const options = { bundle: true, platform: 'node', format: 'esm', target: 'node20' } as const
  await build({ ...options, entryPoints: [probeServer], outfile, logLevel: 'error' })
  return outfile
}
