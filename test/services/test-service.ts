/** A server that runs for tests. */
export interface RunningService {
  /** Of the server itself, to send signals to. */
  readonly pid: number
  /** Its folder, which goes with {@link stop}. */
  readonly folder: string
  /** The port on 127.0.0.1 that it listens on, also after {@link resume}. */
  readonly port: number
  /** Ends the process and keeps its data. Default: SIGKILL. */
  halt(signal?: NodeJS.Signals): Promise<void>
  /** Starts it again over its data, on the same port. */
  resume(): Promise<void>
  /** Kills the process and removes its folder; harmless when repeated. */
  stop(): Promise<void>
}

/** A kind of server that tests use where it is installed. */
export interface TestService<Running extends RunningService = RunningService> {
  /** As `TEST_SERVICES` names it. */
  readonly id: string
  /** Null where it can be started here; else how to get it, such as "no SeaweedFS (…)". */
  missing(): string | null
  /** Whether the suites of one process share a server, which ends with that process. Default: no. */
  readonly isShared?: boolean
  /** Whether a server that suites shared has so much of theirs that the next one gets a fresh one. Default: never. */
  isWorn?(running: Running): boolean
  /** Starts a fresh one on a free port of loopback, with its data in a temporary folder. */
  start(): Promise<Running>
}

const setting = process.env.TEST_SERVICES ?? ''

/** Whether tests of services run at full length, as in CI: where any of them is required. */
export const isFull: boolean = setting !== '' && setting !== 'none'

/** What is to be done with the tests of a service. */
export type Decision =
  | { readonly kind: 'run' }
  | { readonly kind: 'skip'; readonly reason: string }
  | { readonly kind: 'fail'; readonly reason: string }

/**
 * Decides whether tests of these services run. `TEST_SERVICES` is `none`, `required` (all), or
 * the ids of those that are required, with commas between: a service that is required and missing fails its tests.
 */
export function decide(services: readonly TestService[], given: string = setting): Decision {
  if (given === 'none') return { kind: 'skip', reason: 'TEST_SERVICES=none' }
  const required = given.split(',').filter((id) => id !== '')
  const lacking = services.filter((service) => service.missing() !== null)
  const reason = lacking.map((service) => service.missing()).join('; ')
  if (lacking.length === 0) return { kind: 'run' }
  const isRequired = lacking.some(
    ({ id }) => required.includes('required') || required.includes(id),
  )
  return { kind: isRequired ? 'fail' : 'skip', reason }
}
