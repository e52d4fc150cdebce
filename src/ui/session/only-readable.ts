import { RegistryError } from '../../oci/registry-error.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Answer, Visit } from '../visit.ts'

/**
 * Answers for a repository that the viewer may read. One that is not for them, and one that is not there, are the same
 * answer, whatever in it is asked for: this is the one place that sees to it for every view.
 *
 * @throws RegistryError `nameUnknown`, and what `answer` throws.
 */
export async function onlyReadable(
  { viewer, deps }: Visit,
  repository: RepositoryName,
  answer: () => Answer | Promise<Answer>,
): Promise<Answer> {
  const [mayRead] = await viewer.mayRead([repository])
  if (mayRead !== true) throw new RegistryError('nameUnknown')
  try {
    return await answer()
  } catch (error) {
    if (!(error instanceof RegistryError) || error.kind !== 'manifestUnknown') throw error
    const counts = await deps.service.countRepository(viewer.call, repository)
    throw counts === null ? new RegistryError('nameUnknown') : error
  }
}
