import { RegistryError } from '../oci/registry-error.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { UploadId } from '../oci/upload-id.ts'
import type { ByteSource } from '../ports/byte-source.ts'
import type { UploadSession } from '../ports/upload-store.ts'
import type { CoreDeps } from './deps.ts'

/** A holder that sent nothing for this long is taken for gone when somebody else wants its session. */
const stallMs = 1000
/** How long a request waits for a holder that is still sending. */
const patienceMs = 10_000
/** How long a claim outlives its holder: what a crashed node holds up the others. */
const claimMs = 30_000

/** A session that this request alone may change. */
export interface Claim {
  readonly session: UploadSession
  readonly holder: string
  /** Says that bytes came. */
  progress(): void
  /** Names the body being read, so that a stalled one can be called off. */
  reading(source: ByteSource): void
  /** Gives the session back; unchanged unless it was saved or removed before. */
  release(): Promise<void>
}

interface Holder {
  source: ByteSource | null
  lastProgress: number
  readonly done: Promise<void>
}

/** Serialises the requests of one session, and lets a new one take over from a dead connection. */
export interface UploadClaims {
  /** @throws RegistryError `uploadUnknown`, `tooManyRequests` when a holder keeps sending. */
  claim(repository: RepositoryName, id: UploadId): Promise<Claim>
  /** Calls off whoever writes to the session and waits until it has let go. */
  interrupt(id: UploadId): Promise<void>
  /** Waits for a holder that has stalled, so that what it received is counted. */
  settleStalled(id: UploadId): Promise<void>
}

export function uploadClaims(deps: CoreDeps): UploadClaims {
  const { uploads, limits, clock } = deps
  const holders: Map<UploadId, Holder> = new Map()

  async function waitForHolder(id: UploadId, deadline: number): Promise<void> {
    const holder = holders.get(id)
    if (performance.now() > deadline) {
      throw new RegistryError('tooManyRequests', {
        advice: 'another request is writing to this upload session; wait for it to end',
        headers: { 'Retry-After': '1' },
      })
    }
    if (holder === undefined) return pause(50)
    const quiet = performance.now() - holder.lastProgress
    if (quiet >= stallMs) {
      holder.source?.abort()
      return holder.done
    }
    await Promise.race([holder.done, pause(stallMs - quiet + 1)])
  }

  function hold(session: UploadSession, holderId: string): Claim {
    let end = (): void => {}
    const done = new Promise<void>((resolve) => {
      end = resolve
    })
    const holder: Holder = { source: null, lastProgress: performance.now(), done }
    holders.set(session.id, holder)
    // Not with the bytes alone: what comes after the last one, a hash or a sync, may take longer.
    const renewal = setInterval(() => {
      void uploads.claim(session.id, holderId, claimMs).catch(() => {})
    }, claimMs / 3)
    return {
      session,
      holder: holderId,
      progress() {
        holder.lastProgress = performance.now()
      },
      reading(source) {
        holder.source = source
      },
      async release() {
        clearInterval(renewal)
        if (holders.get(session.id) === holder) holders.delete(session.id)
        try {
          await uploads.release(session.id, holderId)
        } finally {
          end()
        }
      },
    }
  }

  return {
    async claim(repository, id) {
      const holderId = crypto.randomUUID()
      const deadline = performance.now() + patienceMs
      for (;;) {
        const session = await uploads.claim(id, holderId, claimMs)
        if (session === 'busy') {
          await waitForHolder(id, deadline)
          continue
        }
        if (session === null) throw new RegistryError('uploadUnknown')
        const known = session.repository === repository
        if (known && session.touchedAt + limits.uploadIdleMs > clock()) {
          return hold(session, holderId)
        }
        await uploads.release(id, holderId)
        throw new RegistryError('uploadUnknown')
      }
    },

    async interrupt(id) {
      const holder = holders.get(id)
      holder?.source?.abort()
      await holder?.done
    },

    async settleStalled(id) {
      const holder = holders.get(id)
      if (holder === undefined || performance.now() - holder.lastProgress < stallMs) return
      holder.source?.abort()
      await holder.done
    },
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
