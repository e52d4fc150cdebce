/** How the program ends, for scripts and supervisors. */
export const exitCodes = {
  ok: 0,
  /** Something went wrong; the message says what to do. */
  problem: 1,
  /** The command line is wrong. */
  usage: 2,
  /** A variable or the configuration file is wrong (EX_CONFIG of sysexits). */
  config: 78,
} as const

/** Ends the program with messages a person can act on, without a stack. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly exitCode: number
  readonly messages: readonly string[]

  constructor(exitCode: number, messages: readonly string[], options?: ErrorOptions) {
    super(messages.join('\n'), options)
    this.exitCode = exitCode
    this.messages = messages
  }
}
