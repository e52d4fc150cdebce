import { type Answer, shown, type Visit } from '../visit.ts'
import { catalogView } from './catalog-view.ts'
import { loadCatalog } from './load-catalog.ts'

/** Shows the repositories that a viewer may see, and how the registry does. */
export async function showHome(visit: Visit): Promise<Answer> {
  const data = await loadCatalog(visit)
  return shown(data.namespace ?? data.title, data, catalogView)
}
