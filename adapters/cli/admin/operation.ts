import type * as v from 'valibot'
import type { KeyStore } from '../../../src/access/index.ts'
import type { NoticeSink, Registry, RegistryStores } from '../../../src/index.ts'
import type { Entries } from '../log.ts'
import type { Settings } from '../settings.ts'
import type { Words } from '../words.ts'

/**
 * Something that an operator asks of a registry, such as `layerdock gc`. It runs in the server that has the registry,
 * or in the command itself where no server has it, so that all it takes, tells and returns is JSON.
 */
export interface Operation<Input = unknown, Result = unknown, Progress = unknown> {
  /** The words after `layerdock`: `gc`, or `trash list`. */
  readonly name: string
  /** What `--help` prints; the frame adds how the registry is named. */
  readonly help: string
  /** The names of its words, as in `WordsShape`. Default: none. */
  readonly words?: readonly string[]
  /** Its own flags: the name of the value, or null for a switch. Default: none. */
  readonly flags?: Readonly<Record<string, string | null>>
  /** Checks what arrives at the admin endpoint. */
  readonly input: v.GenericSchema<unknown, Input>
  /** Reads the command line. Relative paths mean nothing to a server. @throws CliError for a wrong one. */
  inputOf(words: Words): Input | Promise<Input>
  /**
   * Whether it changes the registry. A server that only reads refuses such an operation, and a server does one of a
   * name at a time.
   */
  changes(input: Input): boolean
  /** Does it. @throws CliError, RegistryError; what `tools.signal` aborts with. */
  run(input: Input, tools: OperationTools<Progress>): Promise<Result>
  /** How far it is, for a person, on one line. Default: nothing is said. */
  progressText?(progress: Progress): string
  /** What it did, for a person: lines, each with its end. */
  text(result: Result, input: Input): string
  /** The exit code of the command. Default: 0. */
  exitCode?(result: Result): number
}

/** What an operation works with. */
export interface OperationTools<Progress = unknown> {
  readonly registry: Registry
  readonly stores: RegistryStores
  /** A small document of the server's own, as `Opened` has it. */
  readonly note: (name: string) => KeyStore
  /** Those of the server, or of the command where it opened the registry itself. */
  readonly settings: Settings
  readonly log: Entries
  /** Whether who asked reads the log, and gets the result as well. Default: no. */
  readonly logIsRead?: boolean
  readonly onNotice: NoticeSink
  /** Aborts when the caller goes away or the server stops. */
  readonly signal: AbortSignal
  /** Says how far it is; may be called as often as it likes. */
  tell(progress: Progress): void
  /** Writes bytes to the standard output of the command; resolves when more may come. */
  write(bytes: Uint8Array): Promise<void>
}

/** The path of an operation at the admin endpoint. */
export function pathOf({ name }: Pick<Operation, 'name'>): string {
  return `/${name.replaceAll(' ', '-')}`
}
