import { derivedCall } from '../../core/call-context.ts'
import type { Digest } from '../../oci/digest.ts'
import type { Reference } from '../../oci/reference.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { CallContext } from '../../ports/call-context.ts'
import type { DeletionPreview, RegistryService } from '../../ports/registry-service.ts'
import { referenceText } from '../paths.ts'
import type { Viewer } from '../viewer.ts'

/** What a deletion is about: tags and digests of a repository, or all of it. */
export type Targets = readonly Reference[] | 'repository'

/** One tag or digest that is to go, and what it stands for. */
export interface DeletionTarget {
  /** A tag or a digest. */
  readonly reference: string
  /** Null where it is not there. */
  readonly digest: Digest | null
}

/** What goes and what stays, without its bytes. */
export type Preview = Omit<DeletionPreview, 'absent' | 'freedBytes' | 'ownBytes'>

/** What a deletion would do, as it is shown before. */
export interface DeletionFacts {
  readonly repository: RepositoryName
  /** Null where the whole repository is to go. */
  readonly targets: readonly DeletionTarget[] | null
  readonly preview: Preview
  /**
   * What would be free in the end, in bytes; null where that is not known. Those who may not see every repository get
   * the bytes as if no other repository had any of them, which is the most it can be.
   */
  readonly freed: { readonly bytes: number | null; readonly isMost: boolean }
  /** Tags that would go and are immutable: with them, nothing goes. At most 100. */
  readonly immutable: readonly string[]
  /** How long it can be brought back, in milliseconds; 0 where it cannot, null where that is not known. */
  readonly trashMs: number | null
  /** Stands for what is shown. A deletion says it again, so that nothing else goes. */
  readonly seen: string
}

/** What a deletion is found out from. */
export interface DeletionDeps {
  readonly service: RegistryService
  readonly trashMs: number | null
}

/** Tags and digests of one deletion. */
export const mostTargets = 200

/**
 * Finds out what a deletion would do.
 *
 * @param call with the ruling on the deletion
 * @throws RegistryError `nameUnknown`, `manifestUnknown` where nothing of it is there.
 */
export async function loadDeletion(
  { service, trashMs }: DeletionDeps,
  viewer: Viewer,
  call: CallContext,
  repository: RepositoryName,
  targets: Targets,
): Promise<DeletionFacts> {
  const {
    absent: _,
    freedBytes,
    ownBytes,
    ...preview
  } = await service.previewDeletion(call, repository, targets)
  const seesAll = (await viewer.catalog()) === 'all'
  const found = targets === 'repository' ? null : await resolve(service, call, repository, targets)
  if (found?.every(({ digest }) => digest === null)) throw new RegistryError('manifestUnknown')
  const seen = await fingerprint([repository, found, preview])
  return {
    repository,
    targets: found,
    preview,
    freed: { bytes: seesAll ? freedBytes : ownBytes, isMost: !seesAll },
    immutable: immutableOf(call, targets, preview),
    trashMs,
    seen,
  }
}

async function resolve(
  service: RegistryService,
  call: CallContext,
  repository: RepositoryName,
  targets: readonly Reference[],
): Promise<readonly DeletionTarget[]> {
  const found: DeletionTarget[] = []
  for (const reference of targets) {
    const manifest = await service.statManifest(call, repository, reference)
    found.push({ reference: referenceText(reference), digest: manifest?.digest ?? null })
  }
  return found
}

function immutableOf(
  { isImmutable }: CallContext,
  targets: Targets,
  { manifests }: Pick<DeletionPreview, 'manifests'>,
): readonly string[] {
  if (isImmutable === null) return []
  const named = targets === 'repository' ? [] : targets
  const tags = new Set([
    ...named.flatMap((reference) => (reference.kind === 'tag' ? [reference.tag] : [])),
    ...manifests.flatMap((manifest) => manifest.tags),
  ])
  return [...tags].filter((tag) => isImmutable(tag)).slice(0, 100)
}

/** Only what goes counts: how much that frees may change meanwhile. */
async function fingerprint([repository, targets, preview]: readonly [
  RepositoryName,
  readonly DeletionTarget[] | null,
  Preview,
]): Promise<string> {
  const { manifests, manifestCount, tagCount, aliases } = preview
  const goes = manifests.map(({ digest, tags, tagCount }) => [digest, tags, tagCount])
  const text = JSON.stringify([repository, targets, goes, manifestCount, tagCount, aliases])
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  const bytes = Array.from(new Uint8Array(hash, 0, 16))
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/**
 * The call of a viewer who may delete all of it.
 *
 * @param isOffered whether deletes are on
 * @throws RegistryError `deleteDisabled`; `unauthorized` and `denied`.
 */
export async function permittedDeletion(
  viewer: Viewer,
  repository: RepositoryName,
  targets: Targets,
  isOffered: boolean,
): Promise<CallContext> {
  if (!isOffered) throw new RegistryError('deleteDisabled')
  if (targets === 'repository') return viewer.permit('delete', repository)
  const calls: CallContext[] = []
  for (const reference of targets) {
    calls.push(await viewer.permit('delete', repository, reference))
  }
  return strictest(calls)
}

/** Each ruling may speak for its own tags, and all of them count. */
function strictest(calls: readonly CallContext[]): CallContext {
  const [first] = calls
  if (first === undefined) throw new TypeError('a deletion of nothing')
  const checks = calls.flatMap(({ isImmutable }) => isImmutable ?? [])
  if (checks.length === 0) return first
  return derivedCall(first, { isImmutable: (tag) => checks.some((check) => check(tag)) })
}
