import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  entryPath,
  freePorts,
  type RunningServer,
  runtimes,
  startProgram,
} from '../../conformance/servers.mjs'
import { bundled } from './bundle.mjs'
import type { ProofOptions } from './proof.ts'

/** How a {@link Server} is started. */
export interface ServerOptions extends Pick<ProofOptions, 'runtime' | 'broken'> {
  readonly leaseMs?: number
  readonly collectEveryMs?: number
  readonly manifestCacheBytes?: number
  /** Loads `memory-probe.mjs` before it, for {@link Server.memory}. */
  readonly probed?: boolean
  /** Words of a command that runs it. */
  readonly around?: readonly string[]
}

/** What a server takes after a collection, while it has nothing to do, in MiB. */
export interface Memory {
  /** Objects, and buffers outside the heap, that something refers to. */
  readonly live: number
  /** The whole process. */
  readonly resident: number
}

/** A server on one port and one folder, that is ended and started again. */
export class Server {
  readonly url: string
  readonly folder: string
  readonly #command: readonly string[]
  readonly #isWrapped: boolean
  readonly #probePort: number
  #running: RunningServer | null = null
  /** How long the slowest start took, in milliseconds. */
  slowestStartMs = 0

  private constructor(
    port: number,
    folder: string,
    command: readonly string[],
    isWrapped: boolean,
    probePort: number,
  ) {
    this.#probePort = probePort
    this.#isWrapped = isWrapped
    this.url = `http://127.0.0.1:${port}`
    this.folder = folder
    this.#command = command
  }

  /** Makes a store in a folder of its own, and serves it: by the program itself, or by a broken one. */
  static async start(options: ServerOptions): Promise<Server> {
    const folder = mkdtempSync(join(tmpdir(), 'layerdock-prove-'))
    const [port = 0, probePort = 0] = await freePorts(2)
    const command = [...(options.around ?? []), ...(await commandOf(options, folder, port))]
    const server = new Server(port, folder, command, options.around !== undefined, probePort)
    await server.restart()
    return server
  }

  get pid(): number {
    return this.#running?.pid ?? 0
  }

  /** What it printed, at most the last 64 KiB. */
  get output(): string {
    return this.#running?.output() ?? ''
  }

  /** Collects its garbage, and says what is left. It has to be `probed`. */
  async memory(): Promise<Memory> {
    const answer = await fetch(`http://127.0.0.1:${this.#probePort}/`)
    const { live, resident } = (await answer.json()) as Memory
    return { live: live / 1024 / 1024, resident: resident / 1024 / 1024 }
  }

  /** Starts it where it was ended. */
  async restart(): Promise<void> {
    const [program = '', ...args] = this.#command
    this.#running = await startProgram(program, args, new URL(this.url).host, {
      PROVE_MEMORY_PORT: `${this.#probePort}`,
    })
    this.slowestStartMs = Math.max(this.slowestStartMs, this.#running.readyMs)
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    // A command around it does not hand signals on.
    for (const child of this.#isWrapped ? childrenOf(this.pid) : []) process.kill(child, signal)
    if (signal === 'SIGKILL') await this.#running?.kill()
    else await this.#running?.stop()
    this.#running = null
  }

  /** Ends it for good, and removes its folder. */
  async remove(): Promise<void> {
    if (this.#running !== null) await this.end('SIGTERM')
    rmSync(this.folder, { recursive: true, force: true })
  }
}

const probeFile = entryPath('test/prove/memory-probe.mjs')
/** The words by which a runtime loads the probe before a program, and lets it collect garbage. */
const probe: Readonly<Record<ProofOptions['runtime'], readonly string[]>> = {
  node: ['--expose-gc', '--import', probeFile],
  bun: ['--preload', probeFile],
  deno: ['--v8-flags=--expose-gc', '--preload', probeFile],
}

function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text.split(' ').filter(Boolean).map(Number)
}

async function commandOf(
  options: ServerOptions,
  folder: string,
  port: number,
): Promise<readonly string[]> {
  const { runtime, broken, leaseMs, collectEveryMs, manifestCacheBytes } = options
  const named = runtimes[runtime]
  if (named === undefined) throw new Error(`there is no runtime ${runtime}`)
  const { command } = named.find('current')
  const store = join(folder, 'store')
  if (broken !== null) return brokenServer(runtime, broken, store, port, options)
  return [
    ...command,
    ...(options.probed === true ? probe[runtime] : []),
    entryPath(named.entry),
    ...['serve', '--listen', `127.0.0.1:${port}`, '--storage-dir', store, '--log', 'warn'],
    // What is deleted goes, so that a store in which as much is deleted as is pushed does not grow.
    ...['--drain-seconds', '1', '--trash-time', '0'],
    ...(leaseMs === undefined ? [] : ['--lease', `${leaseMs}ms`]),
    ...(collectEveryMs === undefined ? [] : ['--collect-every', `${collectEveryMs}ms`]),
    ...(manifestCacheBytes === undefined ? [] : ['--manifest-cache', `${manifestCacheBytes}`]),
  ]
}

/**
 * The command of a server in which something is wrong.
 *
 * @param port a number, or what a number is put in the place of
 */
export async function brokenServer(
  runtime: ProofOptions['runtime'],
  broken: string,
  directory: string,
  port: number | string = 0,
  options: Partial<ServerOptions> = {},
): Promise<readonly string[]> {
  const { leaseMs, collectEveryMs, manifestCacheBytes } = options
  const { command = [] } = runtimes[runtime]?.find('current') ?? {}
  const allowed = runtime === 'deno' ? [command[0] ?? '', 'run', '--allow-all'] : command
  const program =
    runtime === 'node'
      ? await bundled('broken-server.ts')
      : entryPath('test/prove/broken-server.ts')
  const words = Object.entries({
    ...{ broken, directory, port },
    ...{ 'lease-ms': leaseMs, 'collect-ms': collectEveryMs, cache: manifestCacheBytes },
  })
  return [
    ...allowed,
    ...(options.probed === true ? probe[runtime] : []),
    program,
    ...words.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`])),
  ]
}
