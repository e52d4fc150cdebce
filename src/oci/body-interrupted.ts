/** A body ended before it was complete: the sender went away, or the reading was called off. */
export class BodyInterrupted extends Error {
  override readonly name = 'BodyInterrupted'
}
