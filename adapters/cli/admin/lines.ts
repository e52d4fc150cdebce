/** A line that the admin endpoint sends. The last is a result or an error. */
export type AdminLine =
  | { readonly progress: unknown }
  /** Bytes for standard output, in base64. */
  | { readonly bytes: string }
  | { readonly result: unknown }
  | { readonly error: OperationError }

/** Why an operation failed, for people. */
export interface OperationError {
  readonly messages: readonly string[]
  readonly exitCode: number
}

/** Splits text that arrives in pieces into lines, without their ends. */
export async function* linesOf(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = ''
  for await (const piece of pieces) {
    const lines = (rest + piece).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}
