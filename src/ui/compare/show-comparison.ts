import { derivedCall } from '../../core/call-context.ts'
import { classifyReference } from '../../oci/reference.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import { type Answer, shown, type Visit } from '../visit.ts'
import { comparisonView } from './comparison-view.ts'
import { loadComparison } from './load-comparison.ts'

/** Shows what differs between two tags or digests. */
export async function showComparison(
  { deps, viewer, url }: Visit,
  repository: RepositoryName,
): Promise<Answer> {
  const permitted = await viewer.permit('pull', repository)
  const call = derivedCall(permitted, { inspects: true })
  const wanted = (name: string): string | null => url.searchParams.get(name) || null
  for (const text of [wanted('from'), wanted('to')]) {
    const reference = classifyReference(text ?? '')
    if (reference.kind !== 'tag' && reference.kind !== 'digest') continue
    if (!(await viewer.may('pull', repository, reference))) {
      throw new RegistryError('manifestUnknown')
    }
  }
  const data = await loadComparison(
    { service: deps.service, call, repository },
    { from: wanted('from'), to: wanted('to'), platform: wanted('platform') },
  )
  const title = `${deps.text.compare.title} · ${repository}`
  return shown(title, data, comparisonView)
}
