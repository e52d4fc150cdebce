import { derivedCall } from '../../core/call-context.ts'
import type { Reference } from '../../oci/reference.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import { referenceSuffix } from '../paths.ts'
import { loadReferrers } from '../referrers/load-referrers.ts'
import { type Answer, shown, type Visit } from '../visit.ts'
import type { ArtifactAnswer, ArtifactTab } from './artifact-data.ts'
import { artifactView } from './artifact-view.ts'
import { loadArtifact } from './load-artifact.ts'
import { registryHost } from './registry-host.ts'

/** Shows what a tag or digest stands for. */
export async function showArtifact(
  { deps, viewer, url }: Visit,
  repository: RepositoryName,
  reference: Reference,
): Promise<Answer> {
  const permitted = await viewer.permit('pull', repository, reference)
  const call = derivedCall(permitted, { inspects: true })
  const reader = { service: deps.service, call, repository }
  const view = tabOf(url.searchParams.get('view'))
  const host = registryHost(url, viewer.call.peer)
  const query = { reference, host, wantsRaw: view === 'raw' }
  const [data, tree, mayDelete] = await Promise.all([
    loadArtifact(reader, query),
    view === 'referrers' ? loadReferrers(reader, reference) : null,
    viewer.may('delete', repository, reference),
  ])
  if (data === null) throw new RegistryError('manifestUnknown')
  const pushedBy = viewer.seesNames ? data.pushedBy : null
  const answer: ArtifactAnswer = { ...data, pushedBy, view, tree, mayDelete }
  return shown(`${repository}${referenceSuffix(reference)}`, answer, artifactView)
}

function tabOf(view: string | null): ArtifactTab {
  return view === 'referrers' || view === 'raw' ? view : 'overview'
}
