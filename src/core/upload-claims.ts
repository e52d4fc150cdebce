import { RegistryError } from '../oci/registry-error.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { UploadId } from '../oci/upload-id.ts'
import type { CallContext } from '../ports/call-context.ts'
import type { UploadSession } from '../ports/upload-store.ts'
import type { CoreDeps } from './deps.ts'
import type { Claim, Holder } from './session-holder.ts'
import { mayUse, userOf } from './upload-owner.ts'

/** A holder that received nothing for this long releases a session that another request wants. */
const stallMs = 1000
/** How long a request waits for another holder, all in all. */
const patienceMs = 10_000
/** How long a client that asks where a session stands waits for bytes that still arrive or are being stored. */
const settleMs = 2_000
/** Bytes no longer arrive once none came for this long. */
const arrivingMs = 250
/**
 * A request that comes so soon after a client was told where the session stands may be an older one of that
 * client, on a connection that it hung up: requests of two connections overtake each other.
 */
const overtakenMs = 1_000
/** Sessions that are remembered as told of. */
const mostTold = 1_000
/** How long a claim outlives its holder: how long a node that crashed holds up the others. */
const claimMs = 10_000
const renewMs = 2_000
/** How often a session that another node holds is asked for. */
const pollMs = 100

/** Serialises the requests of one session, and lets a new one take over from a dead connection. */
export interface UploadClaims {
  /**
   * Waits a bounded time for another holder. A holder that has stalled is stopped.
   *
   * @throws RegistryError `uploadUnknown`; `tooManyRequests` when another holder keeps the session.
   */
  claim(call: CallContext, repository: RepositoryName, id: UploadId): Promise<Claim>
  /** Stops a request of this process that is reading a body for the session. */
  interrupt(id: UploadId): void
  /**
   * Notes that a client is being told where the session stands. A request whose body arrives or has
   * ended is waited for, a short while, so that its bytes are told of: its client may have hung up
   * with bytes still under way. One that is still receiving goes on, and counts if it completes; if it
   * is cut off, or another request comes for the session, what it received no longer counts, since the
   * client continues from what it was told. The same holds for one that comes a moment later and is cut
   * off at once.
   */
  tell(id: UploadId): Promise<void>
  /** Whether {@link suspend} was called. */
  readonly suspended: boolean
  /**
   * Stops every request that is reading a body for a session, and waits until each has given its session
   * back. From then on no session can be claimed. How many requests were stopped.
   */
  suspend(): Promise<number>
}

export function uploadClaims(deps: CoreDeps): UploadClaims {
  const { uploads, limits, onNotice } = deps
  const holders: Map<UploadId, Holder> = new Map()
  /** Sessions that no request held when clients were just told of them. */
  const justTold: Set<UploadId> = new Set()
  let suspended = false

  const isTold = (holder: Holder): boolean => holder.told || performance.now() < holder.doubtedUntil

  async function waitForHolder(call: CallContext, id: UploadId, deadline: number): Promise<void> {
    const left = deadline - performance.now()
    if (left <= 0 || call.signal.aborted) throw busy()
    const holder = holders.get(id)
    if (holder === undefined) return pause(Math.min(pollMs, left))
    const quiet = performance.now() - holder.lastProgress
    if (quiet >= stallMs || holder.told) {
      holder.source?.abort()
      await Promise.race([holder.done, pause(left)])
      return
    }
    await Promise.race([holder.done, pause(Math.min(stallMs - quiet + 1, left))])
  }

  async function renew(id: UploadId, holderId: string, holder: Holder): Promise<void> {
    const answer = await uploads.renew(id, holderId, claimMs)
    if (answer === 'held') return
    if (answer === 'lost') holder.lost = true
    const quiet = performance.now() - holder.lastProgress
    if (holder.lost || quiet >= stallMs) holder.source?.abort()
  }

  function hold(session: UploadSession, holderId: string): Claim {
    const { id } = session
    let end = (): void => {}
    const done = new Promise<void>((resolve) => {
      end = resolve
    })
    const holder: Holder = {
      source: null,
      lastProgress: performance.now(),
      told: false,
      doubtedUntil: justTold.has(id) ? performance.now() + overtakenMs : 0,
      lost: false,
      ended: false,
      done,
    }
    holders.set(id, holder)
    let renewedAt = performance.now()
    let triedAt = renewedAt
    const renewNow = async (): Promise<void> => {
      triedAt = performance.now()
      const began = triedAt
      await renew(id, holderId, holder)
      renewedAt = began
    }
    const tryToRenew = (): void => {
      renewNow().catch(() => {
        // The store is away. Once the claim may have lapsed, another may hold the session.
        if (performance.now() - renewedAt < claimMs) return
        holder.lost = true
        holder.source?.abort()
      })
    }
    // Not with the bytes alone: what comes after the last one, a hash or a sync, may take longer. Nor by
    // time alone: where bytes come fast, a busy runtime (Cloudflare's) does not get round to timers.
    const renewal = setInterval(tryToRenew, renewMs)
    return {
      session,
      holder: holderId,
      get told() {
        return isTold(holder)
      },
      progress() {
        holder.lastProgress = performance.now()
        if (holder.lastProgress - triedAt >= renewMs) tryToRenew()
      },
      reading(source) {
        holder.source = source
        holder.ended = source === null
        if (holder.lost || suspended) source?.abort()
      },
      async assertHeld() {
        if (!holder.lost && performance.now() - renewedAt > renewMs) await renewNow()
        if (holder.lost) throw new RegistryError('uploadUnknown')
      },
      async release() {
        clearInterval(renewal)
        if (holders.get(id) === holder) holders.delete(id)
        try {
          await uploads.release(id, holderId)
        } catch (error) {
          // What the request did is done, and the claim lapses by itself.
          const task = 'releasing an upload session'
          onNotice({ kind: 'background-failure', task, error, retried: false })
        } finally {
          end()
        }
      },
    }
  }

  return {
    async claim(call, repository, id) {
      // A request of another caller must not touch the session.
      const user = userOf(call, repository)
      if (uploads.checksUser !== true) {
        const seen = await uploads.find(id, limits.uploadIdleMs)
        if (!mayUse(call, repository, seen)) throw new RegistryError('uploadUnknown')
      }
      const holderId = crypto.randomUUID()
      const deadline = performance.now() + patienceMs
      for (;;) {
        if (suspended) throw new RegistryError('unavailable')
        const session = await uploads.claim(id, holderId, claimMs, limits.uploadIdleMs, user)
        if (session === null) throw new RegistryError('uploadUnknown')
        if (session !== 'busy') {
          // A store that only says that it looks, such as one that was wrapped, gives nothing away.
          if (!mayUse(call, repository, session)) {
            await uploads.release(id, holderId)
            throw new RegistryError('uploadUnknown')
          }
          const held = hold(session, holderId)
          if (!suspended) return held
          await held.release()
          throw new RegistryError('unavailable')
        }
        await waitForHolder(call, id, deadline)
      }
    },

    interrupt(id) {
      holders.get(id)?.source?.abort()
    },

    get suspended() {
      return suspended
    },

    async suspend() {
      suspended = true
      let stopped = 0
      while (holders.size > 0) {
        const all = [...holders.values()]
        stopped += all.length
        for (const { source } of all) source?.abort()
        await Promise.all(all.map(({ done }) => done))
      }
      return stopped
    },

    async tell(id) {
      const holder = holders.get(id)
      if (holder === undefined) {
        // A runtime may forget a timer with its request.
        if (justTold.size > mostTold) justTold.clear()
        justTold.add(id)
        void pause(overtakenMs).then(() => justTold.delete(id))
        return
      }
      const deadline = performance.now() + settleMs
      while (holders.get(id) === holder) {
        const now = performance.now()
        const wait = holder.ended ? settleMs : holder.lastProgress + arrivingMs - now
        if (wait <= 0 || now >= deadline) {
          holder.told = true
          return
        }
        await Promise.race([holder.done, pause(Math.min(wait, deadline - now))])
      }
    },
  }
}

function busy(): RegistryError {
  return new RegistryError('tooManyRequests', {
    advice: 'another request is writing to this upload session; wait for it to end',
    headers: { 'Retry-After': '1' },
  })
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
