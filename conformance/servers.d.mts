/** How one runtime is found and told to run the server. */
export interface Runtime {
  readonly title: string
  /** What it runs, inside the project. */
  readonly entry: string
  /** @throws Error when it cannot be run. */
  find(wanted: string): { command: string[]; version: string }
}

export const runtimes: Readonly<Record<string, Runtime>>

/** What `deno task serve` lets the server do, and nothing beside it. */
export function denoPermissions(): string[]

/** A server that was started here. */
export interface RunningServer {
  /** `127.0.0.1:PORT` */
  readonly host: string
  readonly pid: number
  /** From start to the first answer, in milliseconds. */
  readonly readyMs: number
  /** What it has printed, at most the last 64 KiB. */
  output(): string
  /** Asks it to end (SIGTERM), and after 30 seconds kills it. */
  stop(): Promise<void>
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>
}

/** @throws Error when it ends, or does not answer within 20 seconds. */
export function startServer(options: {
  readonly command: readonly string[]
  readonly entry: string
  readonly store: 'disk' | 'memory'
  readonly dir: string
  readonly args?: readonly string[]
}): Promise<RunningServer>

/** @throws Error when it ends, or does not answer within 20 seconds. */
export function startProgram(
  program: string,
  args: readonly string[],
  at?: string,
): Promise<RunningServer>
