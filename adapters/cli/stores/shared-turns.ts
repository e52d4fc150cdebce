import type { KeyStore } from '../../../src/access/index.ts'
import type { MaintenanceTurns } from '../../../src/kit.ts'

/** A task that a node has taken is free again when the node has not been heard of for this long. */
const leaseMs = 60_000
const renewMs = 15_000

/** What nodes tell each other about a task. Times by the clock they share. */
interface Turn {
  /** The node that does the work now; null when no node does. */
  readonly holder: string | null
  readonly heldUntil: number
  /** When it is due again. */
  readonly nextAt: number
}

const never: Turn = { holder: null, heldUntil: 0, nextAt: 0 }

/**
 * Turns that nodes take by a small document for each task, which one of them at a time can replace.
 *
 * @param storeOf the document of a task, the same for all nodes
 * @param clock milliseconds, roughly the same on all nodes
 */
export function sharedTurns(
  storeOf: (task: string) => KeyStore,
  clock: () => number,
): MaintenanceTurns {
  const holder = crypto.randomUUID()

  return {
    async run(task, everyMs, work) {
      const store = storeOf(task)
      let text = await store.read()
      const turn = turnIn(text)
      const now = clock()
      if (now < turn.nextAt || (turn.holder !== null && now < turn.heldUntil)) return
      const put = async (next: Turn): Promise<boolean> => {
        const written = JSON.stringify(next)
        const isMine = await store.replace(text, written)
        if (isMine) text = written
        return isMine
      }
      const take = (): Promise<boolean> =>
        put({ holder, heldUntil: clock() + leaseMs, nextAt: turn.nextAt })
      if (!(await take())) return
      const renewal = everySoOften(take)
      try {
        await work()
      } catch (error) {
        await renewal.end()
        await put(never).catch(() => {})
        throw error
      }
      await renewal.end()
      await put({ ...never, nextAt: clock() + everyMs })
    },
  }
}

/** Renews until it is ended; a renewal that fails is made up for by the next. */
function everySoOften(renew: () => Promise<unknown>): { end(): Promise<void> } {
  let running: Promise<unknown> = Promise.resolve()
  const timer = setInterval(() => {
    running = running.then(renew).catch(() => {})
  }, renewMs)
  return {
    async end() {
      clearInterval(timer)
      await running
    },
  }
}

/** A document that cannot be read was never written by us: the task is due. */
function turnIn(text: string | null): Turn {
  if (text === null) return never
  try {
    return { ...never, ...(JSON.parse(text) as Partial<Turn>) }
  } catch {
    return never
  }
}
