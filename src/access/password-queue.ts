import { ownerOf } from '../oci/owner.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { PasswordAttempt, VerifyPassword } from './htpasswd.ts'

/** How many checks of passwords may wait. */
export interface PasswordQueueOptions {
  /** Checks that wait, at most. Default: 64. */
  readonly waiting?: number
  /** Those of one address, and those of one user from addresses that are new. Default: a quarter of all. */
  readonly waitingPerCaller?: number
}

/** A check that waits. */
interface Waiting {
  readonly user: string
  readonly owner: string
  /** Whether the user has logged in from there before: such checks go first. */
  readonly isKnown: boolean
  /** Its place among those that wait: the lowest goes first. */
  readonly turn: number
  readonly start: () => void
  readonly refuse: (error: unknown) => void
}

/** Pairs of user and address that are remembered. */
const mostKnown = 10_000

/**
 * Makes checks of passwords wait for one another, one at a time. Addresses take turns, so that one with a thousand
 * logins does not delay the others, and a user who logged in from an address before goes before the rest. A check
 * that finds no place is a 429. In a full queue, the newest one of the address with the most makes way.
 *
 * @example
 * htpasswd(text, { verify: queuePasswords(verifyInThread) })
 */
export function queuePasswords(
  verify: VerifyPassword,
  options: PasswordQueueOptions = {},
): VerifyPassword {
  const most = options.waiting ?? 64
  const share = options.waitingPerCaller ?? Math.max(1, Math.floor(most / 4))
  /** In the order they came. */
  let queue: Waiting[] = []
  let running: Pick<Waiting, 'owner' | 'turn'> | null = null
  const known: Set<string> = new Set()

  function count(isCounted: (other: Waiting) => boolean): number {
    return queue.reduce((sum, other) => sum + (isCounted(other) ? 1 : 0), 0)
  }

  /** As in start-time fair queueing: after the caller's own checks, and before what is behind those of others. */
  function turnFor(owner: string): number {
    const now = running?.turn ?? 0
    const own = queue.findLast((other) => other.owner === owner) ?? running
    return own?.owner === owner ? Math.max(now, own.turn + 1) : now
  }

  function admit(entry: Waiting): void {
    const { user, owner, isKnown } = entry
    const held = count((other) => other.owner === owner)
    const ofUser = count((other) => !other.isKnown && other.user === user)
    if (held >= share || (!isKnown && ofUser >= share)) throw tooMany()
    if (queue.length >= most) {
      const victim = newestOfTheBusiest(held + 1)
      if (victim === null) throw tooMany()
      queue = queue.filter((other) => other !== victim)
      victim.refuse(tooMany())
    }
    queue.push(entry)
  }

  /** Null where no address has more than `least` checks waiting. */
  function newestOfTheBusiest(least: number): Waiting | null {
    const counts: Map<string, number> = new Map()
    for (const { owner } of queue) counts.set(owner, (counts.get(owner) ?? 0) + 1)
    const [busiest] = [...counts].sort(([, a], [, b]) => b - a)
    if (busiest === undefined || busiest[1] <= least) return null
    return queue.findLast(({ owner }) => owner === busiest[0]) ?? null
  }

  function startNext(): void {
    const [first, ...others] = queue
    running = null
    if (first === undefined) return
    const next = others.reduce((best, other) => (isBefore(other, best) ? other : best), first)
    queue = queue.filter((other) => other !== next)
    running = next
    next.start()
  }

  function remember(pair: string, isRight: boolean): void {
    known.delete(pair)
    if (!isRight) return
    if (known.size >= mostKnown) known.delete(known.values().next().value ?? '')
    known.add(pair)
  }

  return async (password, hash, attempt) => {
    const owner = ownerOf(null, attempt.address) ?? 'unknown'
    const pair = `${owner} ${attempt.user}`
    if (running === null) running = { owner, turn: 0 }
    else await place(attempt, owner, known.has(pair))
    try {
      const isRight = await verify(password, hash, attempt)
      remember(pair, isRight)
      return isRight
    } finally {
      startNext()
    }
  }

  /** Waits for a turn. @throws RegistryError `tooManyRequests`. */
  function place({ user }: PasswordAttempt, owner: string, isKnown: boolean): Promise<void> {
    return new Promise((start, refuse) => {
      admit({ user, owner, isKnown, turn: turnFor(owner), start, refuse })
    })
  }
}

function isBefore(a: Waiting, b: Waiting): boolean {
  return a.isKnown === b.isKnown ? a.turn < b.turn : a.isKnown
}

function tooMany(): RegistryError {
  return new RegistryError('tooManyRequests', {
    advice: 'too many logins at once; wait and try again',
    headers: { 'Retry-After': '5' },
  })
}
