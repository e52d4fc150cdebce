import { BodyInterrupted } from '../../src/kit.ts'

/** How long a client whose answer is ready is still listened to, in milliseconds. */
export const lingerMs = 1_000

/** How many bytes of such a client are read and thrown away, at most. */
export const lingerBytes: number = 64 * 1024 * 1024

/** Bodies announced no longer than this are read to their end, and the connection is kept. */
export const shortBody: number = 64 * 1024

/** The end of a body whose reader called it off. */
export function calledOff(): BodyInterrupted {
  return new BodyInterrupted('reading the body was called off')
}

/** The end of a body whose sender went away. */
export function endedEarly(cause: unknown): BodyInterrupted {
  return new BodyInterrupted('the body ended early', { cause })
}
