import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const project = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

/** The program as it ships: compiled, in a folder of its own. */
export interface Program {
  /** The file `node` runs. */
  readonly entry: string
  /** A new empty folder. */
  folder(): string
  remove(): void
}

/** Compiles the program into a temporary folder that stands for the package. */
export async function compileProgram(): Promise<Program> {
  const home = mkdtempSync(join(tmpdir(), 'layerdock-program-'))
  copyFileSync(join(project, 'package.json'), join(home, 'package.json'))
  symlinkSync(join(project, 'node_modules'), join(home, 'node_modules'))
  const tsc = join(
    dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
    'bin/tsc',
  )
  const out = join(home, 'dist')
  await run(process.execPath, [tsc, '-p', join(project, 'adapters'), '--outDir', out, '--noCheck'])
  return {
    entry: join(out, 'adapters/cli/layerdock.cjs'),
    folder: () => mkdtempSync(join(home, 'data-')),
    remove: () => rmSync(home, { recursive: true }),
  }
}

/** A command that ran to its end. */
export interface Ended {
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

const clean = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('LAYERDOCK_')),
)

/** Starts `layerdock …words`. */
export function start(program: Program, ...words: readonly string[]): Running {
  const child = spawn(process.execPath, [program.entry, ...words], { env: clean })
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

/** Starts a server on a free port and waits until it listens. */
export async function startServer(
  program: Program,
  ...words: readonly string[]
): Promise<Running & { readonly port: number; readonly url: string }> {
  const running = start(program, 'serve', '--listen', '127.0.0.1:0', ...words)
  await printed(running, 'listening')
  const port = Number(/127\.0\.0\.1:([0-9]+)/.exec(running.out())?.[1])
  return { ...running, port, url: `http://127.0.0.1:${port}` }
}

/** The lines of a log, read back. */
export function entries(out: string): ReadonlyArray<Record<string, unknown>> {
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}
