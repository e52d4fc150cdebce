import { RegistryError } from '../../oci/registry-error.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import { type Html, html } from '../html.ts'
import type { PageContext } from '../page.ts'
import { type Answer, shown, type Visit } from '../visit.ts'

/** Shows what is in a repository. */
export async function showRepository(visit: Visit, repository: RepositoryName): Promise<Answer> {
  const { deps, viewer } = visit
  if (!(await viewer.may('pull', repository))) throw new RegistryError('nameUnknown')
  const counts = await deps.service.countRepository(viewer.call, repository)
  if (counts === null) throw new RegistryError('nameUnknown')
  return shown(repository, { repository, ...counts }, repositoryView)
}

function repositoryView({ repository }: { readonly repository: string }, _: PageContext): Html {
  return html`<h1>${repository}</h1>`
}
