import type { Reference } from '../../oci/reference.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { CallContext } from '../../ports/call-context.ts'
import type { RegistryService } from '../../ports/registry-service.ts'
import { referenceText } from '../paths.ts'
import type { DeletionFacts, Targets } from './load-deletion.ts'

/** What became of one target. */
export interface DeletionOutcome {
  /** A tag, a digest, or the name of the repository. */
  readonly reference: string
  /** `moved`: a tag that stands for something else than was shown. */
  readonly outcome: 'deleted' | 'absent' | 'moved' | 'kept'
  /** Why it was kept, in the words of the registry's API. */
  readonly reason?: string
}

/**
 * Deletes what was shown, through the service: so wrappers, a registry that is read only, and immutable tags count as
 * for every client. Goes on where one target stays.
 */
export async function carryOut(
  service: RegistryService,
  call: CallContext,
  { repository, targets: shown }: DeletionFacts,
  targets: Targets,
): Promise<readonly DeletionOutcome[]> {
  if (targets === 'repository') {
    const run = (): Promise<unknown> => service.deleteRepository(call, repository)
    return [await attempt(repository, run)]
  }
  const outcomes: DeletionOutcome[] = []
  for (const reference of tagsFirst(targets)) {
    const text = referenceText(reference)
    const digest = shown?.find((one) => one.reference === text)?.digest ?? null
    const run = (): Promise<void> =>
      service.deleteManifest(call, repository, reference, digest === null ? {} : { expect: digest })
    outcomes.push(
      digest === null ? { reference: text, outcome: 'absent' } : await attempt(text, run),
    )
  }
  return outcomes
}

/** A digest takes its tags along, which would then be missing. */
function tagsFirst(targets: readonly Reference[]): readonly Reference[] {
  return [
    ...targets.filter(({ kind }) => kind === 'tag'),
    ...targets.filter(({ kind }) => kind !== 'tag'),
  ]
}

/** @throws what is no answer to this target, such as a store that fails or deletes that are off. */
async function attempt(reference: string, run: () => Promise<unknown>): Promise<DeletionOutcome> {
  try {
    await run()
    return { reference, outcome: 'deleted' }
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    switch (error.kind) {
      case 'manifestUnknown':
      case 'nameUnknown':
        return { reference, outcome: 'absent' }
      case 'preconditionFailed':
        return { reference, outcome: 'moved' }
      case 'tagImmutable':
      case 'contentNamed':
      case 'denied':
        return { reference, outcome: 'kept', reason: error.message }
      default:
        throw error
    }
  }
}
