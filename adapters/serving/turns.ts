import { setImmediate } from 'node:timers'
import { errorResponse, peerOf } from '../../src/kit.ts'
import type { Fetcher } from './fetcher.ts'

/** How long the thread may begin requests without a look at what else has come, in milliseconds. */
const sliceMs = 1

/** How long the loop of events may go without coming round before requests wait for their turns, in milliseconds. */
const lateMs = 2

/** Requests that begin before anyone looks at a clock. */
const uncounted = 32

/** Requests that begin in one slice at most. */
const mostAtOnce = 64

/** Requests that wait at most, of one address and of all; each takes some 4 KiB. */
const mostOfAddress = 1024
const mostWaiting = 8192

/** What one address waits for, the oldest first. */
interface Line {
  readonly address: string
  readonly begins: Array<() => void>
}

const onDeno = 'Deno' in globalThis

/** Rounds after which Deno's loop of events looks at its connections, even if it never runs out of work. */
const roundsOnDeno = 61

/** Calls back once the loop of events has looked at its connections and files. */
const afterLook: (callback: () => void) => void = onDeno
  ? (callback) => afterRounds(roundsOnDeno, callback)
  : setImmediate

/** Calls back when the loop of events comes round. A timer fires on Deno only when it looks at its connections. */
const whenRound: (callback: () => void) => void = onDeno
  ? (callback) => void setTimeout(callback, 0)
  : setImmediate

function afterRounds(count: number, callback: () => void): void {
  if (count === 1) setImmediate(callback)
  else setImmediate(afterRounds, count - 1, callback)
}

/**
 * Says who is next while the thread has more to do than it can. Each address has its line, and one of each line
 * begins in turn: a client waits for one request of each other address, not for all that these have sent.
 * Between slices of about a millisecond the loop of events looks at what has come meanwhile.
 */
export class Turns {
  readonly #lines: Map<string, Line> = new Map()
  /** The lines in the order of their turns. */
  readonly #ring: Line[] = []
  /** Where in the ring the next turn is. */
  #at = 0
  #waiting = 0
  /** Requests that began since the loop came round, or since it was last looked at. */
  #begun = 0
  #markedAt = 0
  #isMarked = false
  /** How many begin in a slice, and when the newest slice began. */
  #batch = 1
  #slicedAt = 0

  /** Counts one more to begin, and says whether it has to {@link wait} first. */
  mustWait(): boolean {
    if (this.#waiting > 0) return true
    this.#begun++
    if (this.#begun < uncounted) return false
    if (this.#isMarked) return performance.now() - this.#markedAt > lateMs
    this.#isMarked = true
    this.#markedAt = performance.now()
    // Where the thread keeps up, this is all that turns cost.
    whenRound(this.#cameRound)
    return false
  }

  /** Whether one more request of the address may wait. */
  hasRoomFor(address: string): boolean {
    const ofAddress = this.#lines.get(address)?.begins.length ?? 0
    return this.#waiting < mostWaiting && ofAddress < mostOfAddress
  }

  /** Resolves when it is the turn of the address. */
  wait(address: string): Promise<void> {
    let line = this.#lines.get(address)
    if (line === undefined) {
      line = { address, begins: [] }
      this.#lines.set(address, line)
      this.#ring.push(line)
    }
    const { begins } = line
    if (this.#waiting === 0) {
      this.#slicedAt = performance.now()
      afterLook(this.#beginSome)
    }
    this.#waiting++
    return new Promise((resolve) => begins.push(resolve))
  }

  readonly #cameRound = (): void => {
    this.#isMarked = false
    this.#begun = 0
  }

  /** Begins as many as fit in a slice, judging by how long the one before took, with all that came of it. */
  readonly #beginSome = (): void => {
    const now = performance.now()
    const isLate = now - this.#slicedAt > sliceMs
    this.#batch = isLate ? Math.max(1, this.#batch >> 1) : Math.min(mostAtOnce, this.#batch * 2)
    this.#slicedAt = now
    for (let count = 0; count < this.#batch && this.#waiting > 0; count++) this.#beginNext()
    if (this.#waiting > 0) afterLook(this.#beginSome)
  }

  #beginNext(): void {
    const line = this.#ring[this.#at]
    const begin = line?.begins.shift()
    if (line === undefined || begin === undefined) return
    this.#waiting--
    if (line.begins.length > 0) this.#at++
    else {
      this.#ring.splice(this.#at, 1)
      this.#lines.delete(line.address)
    }
    if (this.#at >= this.#ring.length) this.#at = 0
    begin()
  }
}

/** The turns of this thread, whatever servers it has. */
export const turns: Turns = new Turns()

/**
 * Answers at once while the thread keeps up, and in turn otherwise. Clients behind one proxy that is not trusted
 * share its address, and its turns.
 *
 * @returns `registry.fetch`; where too many requests of an address wait, one more is a 503
 */
export function inFairTurns<Context extends object>(
  registry: Fetcher<Context>,
): Fetcher<Context>['fetch'] {
  return (request, context) => {
    if (!turns.mustWait()) return registry.fetch(request, context)
    const address = peerOf(request).address ?? ''
    if (!turns.hasRoomFor(address)) return errorResponse('unavailable', { 'Retry-After': '5' })
    return turns.wait(address).then(() => registry.fetch(request, context))
  }
}
