// Runs in a thread of its own, which bcrypt may block: the server's thread goes on meanwhile.
import { parentPort } from 'node:worker_threads'
import { compareSync } from 'bcryptjs'

/** A check for this thread. */
export interface BcryptTask {
  readonly id: number
  readonly password: string
  readonly hash: string
}

/** What came of it. */
export interface BcryptResult {
  readonly id: number
  readonly isRight: boolean
}

parentPort?.on('message', ({ id, password, hash }: BcryptTask) => {
  const result: BcryptResult = { id, isRight: compareSync(password, hash) }
  parentPort?.postMessage(result)
})
