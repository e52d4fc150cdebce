import { classifyReference, type Reference } from '../../oci/reference.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import { checkChange } from '../session/check-change.ts'
import { formFields } from '../session/form-fields.ts'
import { seeOther } from '../session/see-other.ts'
import { type Answer, shown, type Visit } from '../visit.ts'
import { carryOut } from './carry-out.ts'
import { deletedView } from './deleted-view.ts'
import { deletionView } from './deletion-view.ts'
import {
  type DeletionFacts,
  loadDeletion,
  mostTargets,
  permittedDeletion,
  type Targets,
} from './load-deletion.ts'

/** Shows what a deletion would take away: of what the path names, or of each `reference` of the query. */
export async function showDeletion(
  visit: Visit,
  repository: RepositoryName,
  reference: Reference | null,
): Promise<Answer> {
  const { viewer, deps, url } = visit
  const given = url.searchParams.getAll('reference')
  // Nothing was chosen in a list: that is not meant to be the repository.
  if (reference === null && given.length === 0 && url.searchParams.has('chosen')) {
    return seeOther(deps.paths.repository(repository))
  }
  const targets = targetsOf(given, reference, visit)
  const call = await permittedDeletion(viewer, repository, targets, deps.deletes)
  return confirmation(visit, await loadDeletion(deps, viewer, call, repository, targets))
}

/**
 * Deletes what was shown: what the path names, or each `reference` of the query. The request says again what that was
 * (`seen`): where something else would go by now, nothing does, and that is shown instead.
 */
export async function carryOutDeletion(
  visit: Visit,
  repository: RepositoryName,
  reference: Reference | null,
): Promise<Answer> {
  const { request, viewer, deps, url } = visit
  const fields = await formFields(request)
  checkChange(request, viewer, fields)
  const targets = targetsOf(url.searchParams.getAll('reference'), reference, visit)
  const call = await permittedDeletion(viewer, repository, targets, deps.deletes)
  const facts = await loadDeletion(deps, viewer, call, repository, targets)
  if (fields.get('seen') !== facts.seen) return confirmation(visit, facts, true)
  const outcomes = await carryOut(deps.service, call, facts, targets)
  const { items } = await deps.service.listTrash(viewer.call, { limit: 1 }, repository)
  const data = { repository, outcomes, mayRestore: items.length > 0 }
  return shown(deps.text.deletion.title, data, deletedView)
}

function confirmation(visit: Visit, facts: DeletionFacts, hasChanged = false): Answer {
  const { text } = visit.deps
  return {
    title: text.deletion.title,
    data: facts,
    body: (page) => deletionView(facts, page, hasChanged),
    ...(hasChanged ? { status: 412 } : {}),
  }
}

/** @throws RegistryError `tagInvalid`; `requestInvalid` for too many. */
function targetsOf(
  given: readonly string[],
  reference: Reference | null,
  { deps }: Visit,
): Targets {
  if (reference !== null) return [reference]
  if (given.length === 0) return 'repository'
  if (given.length > mostTargets) {
    throw new RegistryError('requestInvalid', {
      advice: deps.text.deletion.tooMany(String(mostTargets)),
    })
  }
  return [...new Set(given)].map(referenceIn)
}

function referenceIn(text: string): Reference {
  const reading = classifyReference(text)
  if (reading.kind === 'tag' || reading.kind === 'digest') return reading
  throw new RegistryError('tagInvalid')
}
