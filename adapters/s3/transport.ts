/** One HTTP request to the object store, signed. */
export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  /** The body, in pieces that nobody changes until the answer is there; none for a request without one. */
  readonly body: readonly Uint8Array[]
  /** How long nothing may move, in milliseconds, before the request counts as lost. */
  readonly idleMs: number
}

/** What the store answered. Its body has to be read to the end or cancelled. */
export interface S3Response {
  readonly status: number
  header(name: string): string | null
  readonly body: S3Body
}

/** The bytes of an answer, as they are asked for. */
export interface S3Body {
  /** The next bytes; null at the end. @throws Error where the body was cut, or nothing came for too long. */
  read(): Promise<Uint8Array | null>
  /** Gives up the rest; harmless when repeated, and after the end. */
  cancel(): void
}

/** What carries requests to the store. */
export interface S3Transport {
  /** @throws Error where there was no answer. */
  send(request: S3Request): Promise<S3Response>
  /** Ends idle connections; harmless when repeated. */
  close(): Promise<void>
}

/** How many bytes the pieces have together. */
export function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((length, piece) => length + piece.byteLength, 0)
}

/** The pieces as one array; no copy where there is only one. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [only] = pieces
  if (only !== undefined && pieces.length === 1) return only
  const whole = new Uint8Array(lengthOf(pieces))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.byteLength
  }
  return whole
}

/** Reads a body to its end. */
export async function readWhole(body: S3Body): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for (;;) {
    const piece = await body.read()
    if (piece === null) return joined(pieces)
    pieces.push(piece)
  }
}

/** Nothing came for too long. */
export class Silence extends Error {}
