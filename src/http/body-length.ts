/** The response itself carries it. */
const key: unique symbol = Symbol('length')

type Measured = Response & { [key]?: number }

/** Notes how long a response's body is, in bytes: a look at its headers costs Bun 0.5 µs. */
export function setBodyLength(response: Response, bytes: number): void {
  const measured: Measured = response
  measured[key] = bytes
}

/** How long a response's body is, in bytes; null where neither we nor its headers say it. */
export function bodyLength(response: Response): number | null {
  const measured: Measured = response
  const noted = measured[key]
  if (noted !== undefined) return noted
  const length = response.headers.get('content-length')
  return length === null ? null : Number(length)
}
