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

/** An end of the program that a person can do something about: a message each, and no stack. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly exitCode: number
  readonly messages: readonly string[]

  constructor(exitCode: number, messages: readonly string[]) {
    super(messages.join('\n'))
    this.exitCode = exitCode
    this.messages = messages
  }
}
