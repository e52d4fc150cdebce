import { Buffer } from 'node:buffer'
import { availableParallelism } from 'node:os'
import type { DigestAlgorithm } from '../../src/index.ts'
import type { HashFactory, InlineHash, StreamingHash } from '../../src/kit.ts'
import { HashThread } from './hash-thread.ts'
import { nodeHash } from './node-hash.ts'

const kib = 1024
const mib = 1024 * kib

/** Content that is announced with fewer bytes is hashed where it is fed. */
const leastBytes = 4 * mib
/** Bytes are handed over in batches of this size: a message costs some 20 µs. */
const largestBatch = mib
const leastBatch = 64 * kib
/** Memory for the batches of all hashes together, as long as each can have its least. */
const batchBytes = 24 * mib
/** Batches of a hash that are on their way to the thread and back before its caller has to wait. */
const mostUnderWay = 2

/** What is freed for a hash that was dropped without a word. */
interface Ticket {
  readonly id: number
  /** Whether it holds memory. */
  isActive: boolean
}

/** The hashes that one thread computes. */
class ThreadedHashes {
  readonly thread: HashThread
  #active = 0
  readonly #dropped = new FinalizationRegistry<Ticket>((ticket) => {
    this.leave(ticket)
    this.thread.drop(ticket.id)
  })

  constructor(thread: HashThread) {
    this.thread = thread
  }

  /** How many bytes each hash gathers for a message: fewer, the more there are. */
  get batch(): number {
    const share = batchBytes / (mostUnderWay + 1) / Math.max(this.#active, 1)
    return Math.max(leastBatch, Math.min(largestBatch, Math.floor(share)))
  }

  register(hash: StreamingHash): Ticket {
    const ticket = { id: this.thread.newId(), isActive: false }
    this.#dropped.register(hash, ticket)
    return ticket
  }

  enter(ticket: Ticket): void {
    if (!ticket.isActive) this.#active += 1
    ticket.isActive = true
  }

  leave(ticket: Ticket): void {
    if (ticket.isActive) this.#active -= 1
    ticket.isActive = false
  }
}

/**
 * The hashes of `node:crypto`, and for large content in a thread beside the one that serves. Content of
 * unknown length goes there once it fills a batch. What is fed before the thread runs, or after it
 * failed, is hashed at once.
 */
export function threadedHash(thread: HashThread = new HashThread()): HashFactory {
  const hashes = new ThreadedHashes(thread)
  return (algorithm, saved, expected = 0, savable = false) =>
    saved !== undefined || savable || expected < leastBytes || !thread.isReady
      ? nodeHash(algorithm, saved, expected, savable)
      : new ThreadedHash(hashes, algorithm, Number.isFinite(expected))
}

/**
 * What {@link openRegistry} hashes with. A third core is what makes a thread of its own worth it: on two,
 * it takes from the client, or from the writes, what it gives to the server. Bun and Deno have their own
 * threads, and were not measured with them.
 */
export function defaultHash(): HashFactory {
  const isNode = !('bun' in process.versions) && !('deno' in process.versions)
  if (!isNode || availableParallelism() < 3) return nodeHash
  shared ??= threadedHash()
  return shared
}

let shared: HashFactory | null = null

class ThreadedHash implements StreamingHash {
  readonly #hashes: ThreadedHashes
  readonly #algorithm: DigestAlgorithm
  readonly #ticket: Ticket
  readonly #isLarge: boolean
  /** Gathers the next batch; null before the first byte, and after a digest. */
  #batch: Uint8Array<ArrayBuffer> | null = null
  #gathered = 0
  /** Batches that came back. */
  #spare: Uint8Array<ArrayBuffer>[] = []
  /** Set once so little came that it was hashed here. */
  #inline: InlineHash | null = null
  #isSent = false
  #underWay = 0
  #failure: unknown = null
  #wake: (() => void) | null = null

  constructor(hashes: ThreadedHashes, algorithm: DigestAlgorithm, isLarge: boolean) {
    this.#hashes = hashes
    this.#algorithm = algorithm
    this.#ticket = hashes.register(this)
    this.#isLarge = isLarge
  }

  update(bytes: Uint8Array): void | Promise<void> {
    if (this.#inline !== null) return this.#inline.update(bytes)
    let rest = bytes
    while (rest.byteLength > 0) {
      const batch = this.#room()
      const part = rest.subarray(0, batch.byteLength - this.#gathered)
      batch.set(part, this.#gathered)
      this.#gathered += part.byteLength
      rest = rest.subarray(part.byteLength)
      if (this.#gathered >= this.#hashes.batch) this.#send(batch)
    }
    if (this.#underWay >= mostUnderWay || this.#failure !== null) return this.#untilRoom()
  }

  digest(): string | Promise<string> {
    if (!this.#isSent) {
      this.#inline ??= nodeHash(this.#algorithm)
      if (this.#batch !== null) this.#inline.update(this.#batch.subarray(0, this.#gathered))
      this.#rest()
      return this.#inline.digest()
    }
    if (this.#batch !== null && this.#gathered > 0) this.#send(this.#batch)
    this.#rest()
    return this.#hashes.thread.digest(this.#ticket.id)
  }

  /** Memory with room in it. It grows, since most content of unknown length is small. */
  #room(): Uint8Array<ArrayBuffer> {
    const whole = this.#hashes.batch
    if (this.#batch !== null && this.#gathered < this.#batch.byteLength) return this.#batch
    // Others have come since: what was to grow is large enough now.
    if (this.#batch !== null && this.#gathered >= whole) this.#send(this.#batch)
    const before = this.#batch
    this.#hashes.enter(this.#ticket)
    const isWhole = this.#isLarge || this.#isSent
    const wanted = isWhole ? whole : Math.min(whole, (before?.byteLength ?? leastBatch / 4) * 4)
    const spare = this.#spare.pop()
    const fresh = spare?.byteLength === wanted ? spare : memory(wanted)
    if (before !== null) fresh.set(before.subarray(0, this.#gathered))
    this.#batch = fresh
    return fresh
  }

  #send(batch: Uint8Array<ArrayBuffer>): void {
    const bytes = batch.subarray(0, this.#gathered)
    this.#batch = null
    this.#gathered = 0
    this.#isSent = true
    this.#underWay += 1
    const part = { id: this.#ticket.id, algorithm: this.#algorithm, bytes }
    this.#hashes.thread.update(part).then(
      ({ buffer }) => {
        if (this.#ticket.isActive) this.#spare.push(new Uint8Array(buffer))
        this.#arrived()
      },
      (error: unknown) => {
        this.#failure = error
        this.#arrived()
      },
    )
  }

  #arrived(): void {
    this.#underWay -= 1
    const wake = this.#wake
    this.#wake = null
    wake?.()
  }

  async #untilRoom(): Promise<void> {
    while (this.#underWay >= mostUnderWay && this.#failure === null) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    if (this.#failure !== null) throw this.#failure
  }

  /** Holds no memory until more comes. */
  #rest(): void {
    this.#batch = null
    this.#gathered = 0
    this.#spare = []
    this.#hashes.leave(this.#ticket)
  }
}

/** Not from a pool, whose memory could not be sent. */
function memory(bytes: number): Uint8Array<ArrayBuffer> {
  const { buffer } = Buffer.allocUnsafeSlow(bytes)
  return new Uint8Array(buffer as ArrayBuffer)
}
