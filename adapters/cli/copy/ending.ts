import { RegistryError } from '../../../src/index.ts'
import { ContentFault, CopyRefused, LoginFault } from '../../../src/kit.ts'
import { PipeClosed } from '../../folders/archive-sinks.ts'
import { CliError, exitCodes } from '../exit.ts'
import { plain } from '../plain-text.ts'
import { listenToSignals } from '../signals.ts'
import { storeSettings } from '../store-settings.ts'
import type { Patience } from '../stores/wait-for.ts'
import type { StatusLine } from './status-line.ts'

/** How long a database or bucket is waited for, and who is told. */
export function patienceOf(status: StatusLine, stop: Promise<unknown>): Patience {
  const say = (_fields: unknown, text?: string): void => {
    if (text !== undefined) status.say(text)
  }
  return { withinMs: storeSettings.storeWait.default, stop, log: { info: () => {}, warn: say } }
}

/** How a long command is ended before its time. */
export interface Ending {
  readonly signal: AbortSignal
  readonly stop: Promise<unknown>
  /** Ends it, since a server waits for a folder that it has. */
  giveWay(): void
  /** What to say once a signal came, or it gave way; null before. */
  aborted(): CliError | null
}

/** What a command leaves that ended before its time, a sentence. */
export type Leaves = string

const copiedStays: Leaves = 'What was copied stays; the same command goes on from there'

/** What one leaves that writes an archive to standard output, or to a file that it removes then. */
export const archiveLeaves: { readonly pipe: Leaves; readonly file: Leaves } = {
  pipe: 'The archive is not whole; make it again',
  file: 'No archive was made',
}

/** Ends a command at the first signal, or for a server; a second signal does not wait for what is under way. */
export function endedBySignals(leaves: Leaves = copiedStays): Ending {
  const controller = new AbortController()
  const signals = listenToSignals(() => process.exit(exitCodes.problem))
  const end = (why: string): void => {
    const left = `${leaves.slice(0, 1).toLowerCase()}${leaves.slice(1)}`
    controller.abort(new CliError(exitCodes.problem, [`${why}: ${left}`]))
  }
  void signals.stop.then(() => end('stopped'))
  const { signal } = controller
  return {
    signal,
    stop: signals.stop,
    giveWay: () => end('stopped, since a server starts in this folder'),
    aborted: () => (signal.aborted ? (signal.reason as CliError) : null),
  }
}

const loginHint =
  'A login is the one that docker login keeps, or in a file: --from-credentials-file, --to-credentials-file'

/** An error that ends a command, with what to do. */
export function explained(error: unknown, leaves: Leaves = copiedStays): unknown {
  const problem = (text: string): CliError => new CliError(exitCodes.problem, [text])
  if (error instanceof CopyRefused) return problem(`${error.message}; nothing was changed`)
  if (error instanceof PipeClosed) return problem(plain(error.message, 1000))
  if (error instanceof LoginFault) {
    return problem(`${plain(error.message, 1000)}. ${loginHint}`)
  }
  if (error instanceof ContentFault) return problem(plain(error.message, 1000))
  if (!(error instanceof RegistryError)) return error
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : ''
  if (error.kind === 'storageFull') {
    return problem(`the target has no room left. Free some. ${leaves}`)
  }
  return problem(`${plain(`${error.message}${cause}`, 1000)}. ${leaves}`)
}
