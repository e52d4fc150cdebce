import { exchangeOf } from '../../http/exchange.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import { parseRepositoryName } from '../../oci/repository-name.ts'
import { checkChange } from '../session/check-change.ts'
import { formFields } from '../session/form-fields.ts'
import { type Answer, shown, type Visit } from '../visit.ts'
import { findEntry, loadTrash, mayHandle, mayRestore } from './load-trash.ts'
import { restoredView } from './restored-view.ts'
import { trashView } from './trash-view.ts'

/** Shows what was deleted and can be brought back: of a repository, or of all. */
export async function showTrash({ url, deps, viewer }: Visit): Promise<Answer> {
  const given = url.searchParams.get('repository')
  const repository = given === null || given === '' ? null : parseRepositoryName(given)
  if (given && repository === null) throw new RegistryError('nameUnknown')
  if (repository !== null && !(await mayHandle(viewer, repository))) {
    throw new RegistryError('nameUnknown')
  }
  const after = await deps.cursors.open(url.searchParams.get('after') ?? '')
  const { next, ...page } = await loadTrash(deps.service, viewer, repository, after)
  // The id of an entry that is not shown stays unknown.
  const sealed = next === null ? null : await deps.cursors.seal(next)
  return shown(deps.text.deletion.trash.title, { ...page, next: sealed }, trashView)
}

/** Brings an entry back: `repository` and `id` of a form, or of JSON. */
export async function carryOutRestoration(visit: Visit): Promise<Answer> {
  const { request, viewer, deps } = visit
  const fields = await formFields(request)
  checkChange(request, viewer, fields)
  const repository = parseRepositoryName(fields.get('repository') ?? '')
  const id = fields.get('id') ?? ''
  exchangeOf(request)?.at('/_layerdock/restore', repository, null)
  if (repository === null || !(await mayHandle(viewer, repository))) {
    throw new RegistryError('nameUnknown')
  }
  const entry = await findEntry(deps.service, viewer, repository, id)
  if (entry?.tag !== undefined) {
    const reference = { kind: 'tag', tag: entry.tag } as const
    exchangeOf(request)?.at('/_layerdock/restore', repository, reference)
  }
  if (entry !== null && !(await mayRestore(viewer, entry))) throw new RegistryError('denied')
  const call = await viewer.permit('push', repository)
  const outcome = entry === null ? null : await deps.service.restore(call, repository, id)
  const data = { repository, entry, outcome }
  const status = outcome?.kind === 'restored' ? 200 : outcome === null ? 404 : 409
  return shown(deps.text.deletion.trash.title, data, restoredView, { status })
}
