import { type ErrorName, type ErrorRow, errorMessage, errorRows } from './error-codes.ts'

/** What an error may add to its row of the table. */
export interface ErrorExtras {
  /** Goes into the envelope as `detail`. Never put a secret or a path of the host here. */
  readonly detail?: unknown
  /** Replaces what the row's message says after the specification's words. */
  readonly advice?: string
  /** Response headers the error carries (`Location` and `Range` of a 416, `Retry-After`). */
  readonly headers?: Readonly<Record<string, string>>
  /** Several details make several entries of the same code in the envelope. */
  readonly details?: readonly unknown[]
  /** What went wrong beneath, for the log alone. */
  readonly cause?: unknown
}

/** A failure the client is told of, by the name of its row in {@link errorRows}. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError'
  /** The row's name. */
  readonly kind: ErrorName
  /** What its message says in place of the row's; null where it says the row's. */
  readonly advice: string | null
  /** Details for the envelope, one entry each. */
  readonly details: readonly unknown[]
  /** Response headers beside the envelope. */
  readonly headers: Readonly<Record<string, string>>

  constructor(kind: ErrorName, extras: ErrorExtras = {}) {
    const { code, message } = errorRows[kind]
    super(
      extras.advice === undefined ? message : errorMessage(code, extras.advice),
      extras.cause === undefined ? undefined : { cause: extras.cause },
    )
    this.kind = kind
    this.advice = extras.advice ?? null
    this.details = extras.details ?? (extras.detail === undefined ? [] : [extras.detail])
    this.headers = extras.headers ?? {}
  }

  /** The row of the table. */
  get row(): ErrorRow {
    return errorRows[this.kind]
  }

  /** The specification's code. */
  get code(): string {
    return this.row.code
  }

  /** The HTTP status. */
  get status(): number {
    return this.row.status
  }
}
