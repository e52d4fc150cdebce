import { Worker } from 'node:worker_threads'
import { type NoticeSink, RegistryError } from '../../src/index.ts'
import type { BcryptResult, BcryptTask } from './bcrypt-worker.ts'
import { bcryptWorkerFile } from './bcrypt-worker-file.ts'

/** Checks passwords in a thread of its own. */
export interface PasswordWorker {
  /**
   * Whether a password belongs to a bcrypt hash. The thread starts with the first call, and again after it died.
   *
   * @throws RegistryError `unavailable` where it died of this call twice, or does not start.
   */
  verify(password: string, hash: string): Promise<boolean>
  /** Ends the thread; calls under way fail. */
  close(): Promise<void>
}

interface Pending {
  readonly task: BcryptTask
  readonly resolve: (isRight: boolean) => void
  readonly reject: (error: unknown) => void
  /** Whether the thread died of it, or beside it, before. */
  readonly isSecond: boolean
}

/**
 * Makes a worker, which is not started yet and keeps no process alive.
 *
 * @param file the program of the thread. Default: bcrypt-worker.ts, or what was built of it
 */
export function createPasswordWorker(
  onNotice: NoticeSink,
  file: URL = bcryptWorkerFile(),
): PasswordWorker {
  let worker: Worker | null = null
  let isClosed = false
  let count = 0
  /** Whether it was told that the thread died, since it last worked. */
  let isTold = false
  const pending: Map<number, Pending> = new Map()

  function start(): Worker {
    const started = new Worker(file)
    let cause: unknown = new Error('the thread ended by itself')
    started.on('message', ({ id, isRight }: BcryptResult) => {
      isTold = false
      pending.get(id)?.resolve(isRight)
      pending.delete(id)
    })
    started.on('error', (error: unknown) => {
      cause = error
      ended(started, cause)
    })
    started.on('exit', () => ended(started, cause))
    // After the listeners, which hold the process on Bun.
    started.unref()
    return started
  }

  function ended(which: Worker, error: unknown): void {
    if (worker !== which) return
    worker = null
    if (isClosed) return
    if (!isTold) {
      onNotice({ kind: 'background-failure', task: 'check passwords', error, retried: true })
    }
    isTold = true
    const lost = [...pending.values()]
    pending.clear()
    for (const call of lost) {
      if (call.isSecond) call.reject(new RegistryError('unavailable', { cause: error }))
      else send({ ...call, isSecond: true })
    }
  }

  function send(call: Pending): void {
    try {
      worker ??= start()
      pending.set(call.task.id, call)
      worker.postMessage(call.task)
    } catch (error) {
      pending.delete(call.task.id)
      call.reject(new RegistryError('unavailable', { cause: error }))
    }
  }

  return {
    verify: (password, hash) =>
      new Promise((resolve, reject) => {
        if (isClosed) throw new RegistryError('unavailable')
        send({ task: { id: ++count, password, hash }, resolve, reject, isSecond: false })
      }),
    async close() {
      isClosed = true
      const running = worker
      worker = null
      for (const { reject } of pending.values()) reject(new RegistryError('unavailable'))
      pending.clear()
      await running?.terminate()
    },
  }
}
