// Runs in a thread of its own, which bcrypt may block: the server's thread goes on meanwhile.
import { setPriority } from 'node:os'
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

// On Linux this is the priority of the calling thread alone: where cores are few, answers go before logins.
if (process.platform === 'linux' && mayAsk()) {
  try {
    setPriority(0, 10)
  } catch {
    // A system that does not allow it does without.
  }
}

parentPort?.on('message', ({ id, password, hash }: BcryptTask) => {
  const result: BcryptResult = { id, isRight: compareSync(password, hash) }
  parentPort?.postMessage(result)
})

/** Deno would ask the person at the terminal for a permission that it was not given. */
function mayAsk(): boolean {
  const { Deno } = globalThis as { readonly Deno?: DenoPermissions }
  if (Deno === undefined) return true
  return Deno.permissions.querySync({ name: 'sys', kind: 'setPriority' }).state === 'granted'
}

interface DenoPermissions {
  readonly permissions: {
    querySync(permission: { readonly name: string; readonly kind: string }): {
      readonly state: string
    }
  }
}
