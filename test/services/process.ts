import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RunningService } from './test-service.ts'

const guard = fileURLToPath(new URL('guard.sh', import.meta.url))

/** A user and its group, by number. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

/** How a server is run. */
export interface ServerProgram {
  /** Begins the name of its folder. */
  readonly name: string
  /** How many ports it needs; the first is the one it is known by. */
  readonly ports: number
  readonly environment?: Readonly<Record<string, string>>
  /** Whom it runs as; default: the user of the tests. */
  readonly account?: Account
  /** The words of the command. */
  command(folder: string, ports: readonly number[]): readonly string[]
  /** What ends it at once, with all its processes. Default: SIGKILL. */
  readonly stopSignal?: NodeJS.Signals
  /** Makes what has to be in the folder before its first start. */
  prepare?(folder: string): Promise<void>
  /** Whether it takes requests now; asked again and again, with what it has said since its start. */
  isReady(port: number, log: string): boolean | Promise<boolean>
}

/** How long a server may take to start, in milliseconds: machines may be busy. */
const patienceMs = 60_000
const pollMs = 20
const mostAttempts = 30
/** How long it may take to stop before it is killed. */
const stopMs = 5_000

/** Starts a server, on other ports if another process took one of those that were free. */
export async function startServer(program: ServerProgram): Promise<RunningService> {
  const folder = await mkdtemp(join(tmpdir(), `layerdock-${program.name}-`))
  const { account } = program
  if (account !== undefined) chownSync(folder, account.uid, account.gid)
  try {
    await program.prepare?.(folder)
    for (let attempt = 1; ; attempt += 1) {
      const ports = await freePorts(program.ports)
      try {
        return served(program, folder, ports, await run(program, folder, ports))
      } catch (error) {
        if (attempt === 3) throw error
      }
    }
  } catch (error) {
    await removeFolder(folder)
    throw error
  }
}

/** A process that the server started may still be ending, and write a last file into a folder that is emptied. */
function removeFolder(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true, maxRetries: 30, retryDelay: 20 })
}

/** A process under its guard. */
interface Guarded {
  readonly guard: ChildProcess
  readonly pid: number
  readonly ended: Promise<unknown>
}

function served(
  program: ServerProgram,
  folder: string,
  ports: readonly number[],
  first: Guarded,
): RunningService {
  let current = first
  const halt = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    if (current.guard.exitCode !== null || current.guard.signalCode !== null) return
    send(current.pid, signal)
    await current.ended
  }
  return {
    folder,
    port: ports[0] ?? 0,
    get pid() {
      return current.pid
    },
    halt,
    async resume() {
      for (let attempt = 1; ; attempt += 1) {
        try {
          current = await run(program, folder, ports)
          return
        } catch (error) {
          // Processes of the one that was killed may still be ending.
          if (attempt === mostAttempts) throw error
          await new Promise((resolve) => setTimeout(resolve, 100))
        }
      }
    },
    async stop() {
      const timer = setTimeout(() => send(current.pid, 'SIGKILL'), stopMs)
      await halt(program.stopSignal)
      clearTimeout(timer)
      await removeFolder(folder)
    },
  }
}

async function run(
  program: ServerProgram,
  folder: string,
  ports: readonly number[],
): Promise<Guarded> {
  const child = spawn('sh', [guard, folder, ...program.command(folder, ports)], {
    cwd: folder,
    env: { ...process.env, ...program.environment },
    stdio: ['pipe', 'pipe', 'ignore'],
    ...program.account,
  })
  const ended = once(child, 'exit').then(() => void child.stdin.destroy())
  const [line] = (await Promise.race([once(child.stdout, 'data'), ended])) ?? []
  const pid = Number(line)
  const readLog = (): string => readFileSync(join(folder, 'log'), 'utf8')
  try {
    const deadline = performance.now() + patienceMs
    while (!(await program.isReady(ports[0] ?? 0, readLog()))) {
      if (child.exitCode !== null || performance.now() >= deadline) {
        throw new Error(`${program.name} does not start: ${readLog().slice(-2000)}`)
      }
      await new Promise((resolve) => setTimeout(resolve, pollMs))
    }
  } catch (error) {
    send(pid, 'SIGKILL')
    await ended
    throw error
  }
  // It does not keep the process that started it running: it ends with that. Bun's pipes never do.
  child.unref()
  for (const pipe of [child.stdin, child.stdout]) (pipe as Partial<Socket>).unref?.()
  return { guard: child, pid, ended }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended.
  }
}

/** Ports of loopback that were free just now. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports: number[] = []
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    if (address !== null && typeof address === 'object') ports.push(address.port)
  }
  for (const server of servers) await new Promise((resolve) => server.close(resolve))
  return ports
}

/** An account for a server that refuses to run as root; null where none is needed or there is none. */
export function plainAccount(): Account | null {
  if (userInfo().uid !== 0) return null
  const rows = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of ['pgtest', 'postgres', 'nobody']) {
    const row = rows.find((each) => each.startsWith(`${name}:`))?.split(':')
    if (row !== undefined) return { uid: Number(row[2]), gid: Number(row[3]) }
  }
  return null
}
