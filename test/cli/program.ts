import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runtimes } from '../../conformance/servers.mjs'
import { builtProgram } from './built-program.ts'

const project = fileURLToPath(new URL('../..', import.meta.url))

/** What the program can run on. */
export type Runtime = 'node' | 'bun' | 'deno'

/** Every runtime the program can run on. */
export const everyRuntime: readonly Runtime[] = ['node', 'bun', 'deno']

/** The program, ready to be started, and folders for its data. */
export interface Program {
  /** The executable and its first arguments; the words of the command follow. */
  readonly command: readonly string[]
  /** The program's file, the last of `command`. */
  readonly entry: string
  /** Variables it is started with. Default: none beside those of the tests. */
  readonly environment?: Readonly<Record<string, string>>
  /** A new empty folder. */
  folder(): string
  remove(): void
}

/** The program for a runtime: compiled, as it ships, for Node; the sources for Bun and Deno. */
export async function programFor(runtime: Runtime): Promise<Program> {
  if (runtime === 'node') return compileProgram()
  const { entry = '', find } = runtimes[runtime] ?? {}
  const { command = [] } = find?.('current') ?? {}
  const home = mkdtempSync(join(tmpdir(), 'layerdock-program-'))
  return programIn(home, [...command, join(project, entry)])
}

/** The program as it ships, compiled. */
export async function compileProgram(): Promise<Program> {
  const entry = join(await builtProgram(), 'dist/adapters/cli/layerdock.cjs')
  const home = mkdtempSync(join(tmpdir(), 'layerdock-program-'))
  return programIn(home, [process.execPath, entry])
}

function programIn(home: string, command: readonly string[]): Program {
  return {
    command,
    entry: command.at(-1) ?? '',
    folder: () => mkdtempSync(join(home, 'data-')),
    remove: () => rmSync(home, { recursive: true }),
  }
}

/** A command that ran to its end. */
export interface Ended {
  /** Null where a signal ended it. */
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** A command at work. */
export interface Running {
  readonly child: ChildProcess
  /** What it printed on standard output so far. */
  out(): string
  readonly ended: Promise<Ended>
}

/** The environment without settings of the server, and so without those of the tests. */
export const cleanEnvironment: NodeJS.ProcessEnv = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('LAYERDOCK_')),
)

/** Starts `layerdock …words`. */
export function start({ command, environment }: Program, ...words: readonly string[]): Running {
  const [executable = '', ...before] = command
  const child = spawn(executable, [...before, ...words], {
    env: { ...cleanEnvironment, ...environment },
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    err += text
  })
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code) => resolve({ code, out, err }))
  })
  return { child, out: () => out, ended }
}

/** Waits for `text` on standard output. @throws Error when the command ends without it. */
export async function printed(running: Running, text: string): Promise<void> {
  let over = false
  void running.ended.then(() => {
    over = true
  })
  while (!running.out().includes(text)) {
    if (over) {
      const { code, out, err } = await running.ended
      throw new Error(`ended with ${code} and without ${text}: ${out}${err}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** A server at work on 127.0.0.1. */
export interface RunningServer extends Running {
  readonly port: number
  readonly url: string
}

/** Starts a server on a free port and waits until it listens. */
export async function startServer(
  program: Program,
  ...words: readonly string[]
): Promise<RunningServer> {
  const running = start(program, 'serve', '--listen', '127.0.0.1:0', ...words)
  await printed(running, 'listening')
  const [, scheme, port] = /(https?):\/\/127\.0\.0\.1:([0-9]+)/.exec(running.out()) ?? []
  return { ...running, port: Number(port), url: `${scheme}://127.0.0.1:${port}` }
}

/** The lines of a log, read back. */
export function entries(out: string): ReadonlyArray<Record<string, unknown>> {
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}
