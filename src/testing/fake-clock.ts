/** A clock that stands still until it is told otherwise. */
export interface FakeClock {
  /** Milliseconds since the epoch; may be handed on without its object. */
  readonly now: () => number
  advance(ms: number): void
}

/** Makes a {@link FakeClock} that begins at `start`, in milliseconds since the epoch. */
export function fakeClock(start = 1_000_000): FakeClock {
  let time = start
  return {
    now: () => time,
    advance(ms) {
      time += ms
    },
  }
}
