import type { Worker } from 'node:worker_threads'
import type { DigestAlgorithm } from '../../src/index.ts'

/** Bytes for a hash, whose memory goes to the thread and comes back. */
export interface HashedBytes {
  readonly id: number
  readonly algorithm: DigestAlgorithm
  readonly bytes: Uint8Array<ArrayBuffer>
}

type Message =
  | (HashedBytes & { readonly kind: 'update' })
  | { readonly kind: 'digest' | 'drop'; readonly id: number }

/** What the thread answers: the memory it was sent, or a digest in hex. */
type Answer = Uint8Array<ArrayBuffer> | string

interface Asked {
  resolve(answer: Answer): void
  reject(error: unknown): void
}

/** What the thread runs: a text, so that no bundle of the program has to carry a file for it. */
const program = `
const { parentPort } = require('node:worker_threads')
const { createHash } = require('node:crypto')
const hashes = new Map()
parentPort.on('message', ({ kind, id, algorithm, bytes }) => {
  if (kind === 'drop') hashes.delete(id)
  else if (kind === 'digest') parentPort.postMessage(hashes.get(id).copy().digest('hex'))
  else {
    if (!hashes.has(id)) hashes.set(id, createHash(algorithm))
    hashes.get(id).update(bytes)
    parentPort.postMessage(bytes, [bytes.buffer])
  }
})
`

/** One thread that computes hashes, for as many uploads as there are. It keeps no process alive. */
export class HashThread {
  #worker: Worker | null = null
  #state: 'unused' | 'starting' | 'ready' | 'failed' = 'unused'
  #failure: unknown = null
  /** Who waits for an answer, in the order in which the thread gives them. */
  #asked: Asked[] = []
  #lastId = 0

  /**
   * Whether it takes bytes. The first call starts it, and until it runs the answer is no; one that
   * failed is not started again.
   */
  get isReady(): boolean {
    if (this.#state === 'unused') void this.#start()
    return this.#state === 'ready'
  }

  /** A number that no other hash has. */
  newId(): number {
    this.#lastId += 1
    return this.#lastId
  }

  /** Feeds a hash; resolves with the same memory. @throws Error once the thread has ended. */
  update(part: HashedBytes): Promise<Uint8Array<ArrayBuffer>> {
    return this.#ask({ kind: 'update', ...part }, [part.bytes.buffer])
  }

  /** The hex of all that a hash was fed. @throws Error once the thread has ended. */
  digest(id: number): Promise<string> {
    return this.#ask({ kind: 'digest', id })
  }

  /** Forgets a hash. */
  drop(id: number): void {
    this.#worker?.postMessage({ kind: 'drop', id } satisfies Message)
  }

  /** Ends the thread: all hashes in it fail. */
  async end(): Promise<void> {
    const worker = this.#worker
    this.#fail(new Error('the thread was ended'))
    await worker?.terminate()
  }

  async #start(): Promise<void> {
    this.#state = 'starting'
    try {
      // Loaded when it is needed: a start of the program should not wait for it.
      const { Worker } = await import('node:worker_threads')
      if (this.#state !== 'starting') return
      const worker = new Worker(program, { eval: true, execArgv: [], name: 'hashes' })
      this.#worker = worker
      worker.unref()
      worker.on('online', () => {
        if (this.#state === 'starting') this.#state = 'ready'
      })
      worker.on('message', (answer: Answer) => {
        this.#asked.shift()?.resolve(answer)
        // What waits for an answer keeps the process alive, and nothing else of this does.
        if (this.#asked.length === 0) worker.unref()
      })
      worker.on('error', (error) => this.#fail(error))
      worker.on('exit', () => this.#fail(new Error('the thread has ended')))
    } catch (error) {
      // A process may be forbidden to have threads.
      this.#fail(error)
    }
  }

  #ask<T extends Answer>(message: Message, transfer: ArrayBuffer[] = []): Promise<T> {
    const worker = this.#worker
    if (worker === null) return Promise.reject(this.#lost())
    return new Promise<T>((resolve, reject) => {
      if (this.#asked.length === 0) worker.ref()
      this.#asked.push({ resolve: (answer) => resolve(answer as T), reject })
      worker.postMessage(message, transfer)
    })
  }

  #fail(error: unknown): void {
    if (this.#state === 'failed') return
    this.#state = 'failed'
    this.#failure = error
    this.#worker = null
    const asked = this.#asked
    this.#asked = []
    for (const { reject } of asked) reject(this.#lost())
  }

  #lost(): Error {
    return new Error('the thread that computes hashes is gone', { cause: this.#failure })
  }
}
