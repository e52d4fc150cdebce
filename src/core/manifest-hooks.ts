import { type Digest, digestOf } from '../oci/digest.ts'
import type { Reference } from '../oci/reference.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { CallContext } from '../ports/call-context.ts'
import type { NoticeSink } from '../ports/notices.ts'
import type { ManifestInfo, ManifestPush, RegistryService } from '../ports/registry-service.ts'
import { safeNotices } from './callbacks.ts'
import { parseManifest } from './manifest-facts.ts'

/** A manifest that a caller pushes: a valid document, of which nothing is stored yet. */
export interface ManifestToPush {
  readonly repository: RepositoryName
  /** What it is pushed as. */
  readonly reference: Reference
  /** Every tag that is to stand for it: that of the reference and those of `tag` parameters. */
  readonly tags: readonly Tag[]
  readonly digest: Digest
  readonly mediaType: string
  readonly artifactType?: string
  /** The digest it refers to, verbatim. */
  readonly subject?: string
  /** The config, layers and manifests it names. */
  readonly references: readonly Digest[]
  /** Exactly as pushed, and not to be changed. */
  readonly bytes: Uint8Array
  /** Aborted once nobody waits for the hook any more. */
  readonly signal: AbortSignal
}

/** A manifest that a caller wants to read, by GET or HEAD. */
export interface ManifestToServe extends ManifestInfo {
  readonly repository: RepositoryName
  /** The tag it was asked for by; null where it was its digest. */
  readonly tag: Tag | null
  /** Aborted once nobody waits for the hook any more. */
  readonly signal: AbortSignal
}

/** A 403 `DENIED` with this message for the client. */
export interface HookRefusal {
  readonly refuse: string
}

/** What {@link ManifestHooks} are. */
export interface ManifestHooks {
  /** Asked before a manifest is stored. */
  readonly beforeManifest?: (
    call: CallContext,
    manifest: ManifestToPush,
  ) => PushVerdict | Promise<PushVerdict>
  /**
   * Asked at every read of a manifest, and never for blobs: one who knows the digest of a layer, and may
   * pull from the repository, still gets it. Lists of tags and referrers are not changed either. The
   * answer is not kept; a hook that takes long keeps it itself, by digest.
   */
  readonly servable?: (
    call: CallContext,
    manifest: ManifestToServe,
  ) => ServeVerdict | Promise<ServeVerdict>
  /** How long a hook may take, in milliseconds. Default: 10,000. */
  readonly timeoutMs?: number
  /**
   * What is done where a hook fails: it throws what is not a RegistryError below 500, takes too long, or
   * answers something else than a verdict. `refuse`, the default, is a 503; `open` goes on as if it had
   * agreed.
   */
  readonly onFailure?: 'refuse' | 'open'
  /** Told why a hook failed, which no client is. */
  readonly onNotice?: NoticeSink
}

/** `take` goes on with the push. A RegistryError that is thrown refuses it as it says. */
export type PushVerdict = 'take' | HookRefusal

/** `hide` is a 404, as if the manifest were not there. A RegistryError that is thrown refuses as it says. */
export type ServeVerdict = 'serve' | 'hide' | HookRefusal

/** What a timer takes at most, in milliseconds. */
const longestTimeout = 2 ** 31 - 1

/**
 * Lets a program decide about every manifest that is pushed or read, by HTTP and by `registry.service`
 * alike.
 *
 * @example
 * const wrap = manifestHooks({
 *   beforeManifest: async (call, { tags }) =>
 *     tags.some((tag) => tag === 'latest') && call.principal?.id !== 'ci'
 *       ? { refuse: 'only CI pushes latest' }
 *       : 'take',
 *   servable: async (call, { digest }) => ((await isBanned(digest)) ? 'hide' : 'serve'),
 *   onNotice: console.error,
 * })
 * const registry = createRegistry({ wrap })
 *
 * @throws RangeError when `timeoutMs` is not a time.
 */
export function manifestHooks(hooks: ManifestHooks): (service: RegistryService) => RegistryService {
  const { beforeManifest, servable, timeoutMs = 10_000, onFailure } = hooks
  const onNotice = safeNotices(hooks.onNotice)
  if (!(timeoutMs > 0 && timeoutMs <= longestTimeout)) {
    throw new RangeError(`timeoutMs has to be above 0 and at most ${longestTimeout}`)
  }

  /** Asks a hook; throws where it refuses. */
  async function ask<Verdict extends string>(
    callback: string,
    verdicts: readonly Verdict[],
    hook: (signal: AbortSignal) => Verdict | HookRefusal | Promise<Verdict | HookRefusal>,
  ): Promise<Verdict> {
    const time = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`${callback} gave no answer within ${timeoutMs} ms`))
        time.abort()
      }, timeoutMs)
    })
    try {
      const answer: unknown = await Promise.race([(async () => hook(time.signal))(), late])
      const verdict = verdicts.find((each) => each === answer)
      if (verdict !== undefined) return verdict
      if (!isRefusal(answer)) throw new TypeError(`${callback} gave no verdict`)
      throw new RegistryError('denied', { advice: answer.refuse })
    } catch (error) {
      if (error instanceof RegistryError && error.status < 500) throw error
      onNotice({ kind: 'callback-failure', callback, error })
      if (onFailure === 'open') return verdicts[0] as Verdict
      throw new RegistryError('unavailable', { cause: error })
    } finally {
      clearTimeout(timer)
    }
  }

  return (service) => {
    /** The manifest without its bytes, if it may be served. */
    const statManifest: RegistryService['statManifest'] = async (call, repository, reference) => {
      const info = await service.statManifest(call, repository, reference)
      if (info === null || servable === undefined) return info
      const tag = reference.kind === 'tag' ? reference.tag : null
      const { digest, size, mediaType } = info
      const verdict = await ask('servable', ['serve', 'hide'], (signal) =>
        servable(call, { repository, digest, size, mediaType, tag, signal }),
      )
      return verdict === 'serve' ? info : null
    }

    const getManifest: RegistryService['getManifest'] = async (call, repository, reference) => {
      for (;;) {
        const info = await statManifest(call, repository, reference)
        if (info === null) return null
        const manifest = await service.getManifest(call, repository, reference)
        // Asked again where the tag has moved meanwhile.
        if (manifest === null || manifest.digest === info.digest) return manifest
      }
    }

    const putManifest: RegistryService['putManifest'] = async (
      call,
      repository,
      reference,
      push,
    ) => {
      if (beforeManifest !== undefined) {
        const manifest = { repository, ...(await described(reference, push)) }
        await ask('beforeManifest', ['take'], (signal) =>
          beforeManifest(call, { ...manifest, signal }),
        )
      }
      return service.putManifest(call, repository, reference, push)
    }

    return {
      ...service,
      putManifest,
      ...(servable === undefined ? {} : { statManifest, getManifest }),
    }
  }
}

function isRefusal(answer: unknown): answer is HookRefusal {
  if (typeof answer !== 'object' || answer === null) return false
  const { refuse } = answer as Partial<HookRefusal>
  return typeof refuse === 'string' && refuse !== ''
}

/** @throws RegistryError `manifestInvalid`. */
async function described(
  reference: Reference,
  { bytes, mediaType: given, tags = [] }: ManifestPush,
): Promise<Omit<ManifestToPush, 'repository' | 'signal'>> {
  // How many descriptors a registry takes, and whether the digest is right, the core finds out.
  const facts = parseManifest(bytes, given, Number.POSITIVE_INFINITY)
  const { mediaType, references, artifactType, subject } = facts
  return {
    reference,
    tags: reference.kind === 'tag' ? [reference.tag, ...tags] : [...tags],
    digest: reference.kind === 'digest' ? reference.digest : await sha256(bytes),
    mediaType,
    references,
    bytes,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(subject === undefined ? {} : { subject }),
  }
}

async function sha256(bytes: Uint8Array): Promise<Digest> {
  const hash = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)
  const hex = Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0'))
  return digestOf('sha256', hex.join(''))
}
