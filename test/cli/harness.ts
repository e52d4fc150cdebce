import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { get } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { someRuntimes } from '../on-runtimes.ts'
import {
  type Ended,
  type Program,
  programFor,
  type Running,
  type RunningServer,
  type Runtime,
  start,
  startServer,
} from './program.ts'

/** The program in the hands of a test file; what a test starts ends with that test. */
export interface Harness {
  /** See {@link Program.command}. */
  command(): readonly string[]
  /** A new empty folder. */
  folder(): string
  /** Starts `layerdock …words`. */
  start(...words: readonly string[]): Running
  /** Runs `layerdock …words` to its end. */
  run(...words: readonly string[]): Promise<Ended>
  /** Starts a server on a free port and waits until it listens. */
  serve(...words: readonly string[]): Promise<RunningServer>
  /** The same with mounts of its own, which a shell script makes first; see {@link hasMounts}. */
  serveWithMounts(script: string, ...words: readonly string[]): Promise<RunningServer>
}

/**
 * Describes what holds on every runtime: the tests of one run in order, beside those of the others, since most of
 * them wait. A test that polls takes `expect` from its context.
 *
 * @param title with `%s` for the runtime
 */
export function describeEverywhere(title: string, tests: (runtime: Runtime) => void): void {
  describe.concurrent.each(someRuntimes(title))(title, (runtime) => {
    describe.sequential('in order', () => tests(runtime))
  })
}

/** Whether this machine lets us have mounts that no other process sees. */
export const hasMounts: boolean =
  spawnSync('unshare', ['-Urm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0

/** Gives the tests of a file, or of a `describe`, the program on a runtime. */
export function useProgram(runtime: Runtime = 'node'): Harness {
  let program: Program
  beforeAll(async () => {
    program = await programFor(runtime)
  })
  afterAll(() => program.remove())

  const running: Running[] = []
  afterEach(async () => {
    for (const { child, ended } of running.splice(0)) {
      child.kill('SIGKILL')
      await ended
    }
  })
  const noted = <T extends Running>(started: T): T => {
    running.push(started)
    return started
  }

  return {
    command: () => program.command,
    folder: () => program.folder(),
    start: (...words) => noted(start(program, ...words)),
    run: (...words) => noted(start(program, ...words)).ended,
    serve: async (...words) => noted(await startServer(program, ...words)),
    serveWithMounts: async (script, ...words) => {
      const mounting = ['unshare', '-Urm', 'sh', '-c', `${script} && exec "$@"`, 'sh']
      const command = [...mounting, ...program.command]
      return noted(await startServer({ ...program, command }, ...words))
    },
  }
}

/** The digest of some bytes. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** Pushes a blob to the repository `a`; its digest. */
export async function pushBlob(url: string, bytes: Uint8Array): Promise<string> {
  const digest = digestOf(bytes)
  const answer = await fetch(`${url}/v2/a/blobs/uploads/?digest=${digest}`, {
    method: 'POST',
    body: bytes as Uint8Array<ArrayBuffer>,
  })
  expect(answer.status).toBe(201)
  return digest
}

/** A push whose second half does not come, as it is written to a socket. */
export const halfPush: string = [
  `POST /v2/a/blobs/uploads/?digest=${digestOf(Buffer.from('all'))} HTTP/1.1`,
  'Host: h',
  'Content-Length: 8',
  '',
  'half',
].join('\r\n')

/** The status of a GET over a unix socket, asked again until a server listens there. */
export async function statusOver(socketPath: string, path: string): Promise<number> {
  for (;;) {
    const status = await new Promise<number | null>((resolve) => {
      get({ socketPath, path, agent: false }, (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      }).on('error', () => resolve(null))
    })
    if (status !== null) return status
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
