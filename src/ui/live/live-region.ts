import type { RepositoryName } from '../../oci/repository-name.ts'
import { type Html, html } from '../html.ts'
import type { PageContext } from '../page.ts'

/** Characters of names in one address. */
const mostCharacters = 1500

/**
 * Where a view says that it has changed, and by which the script knows what to listen to; nothing where views learn
 * of no changes. What changes stands in `data-results`.
 *
 * @param repository what the view shows; null for all that its viewer may read
 * @param isWhole whether the whole view is loaded again after a change, since it will look different
 * @param watched repositories of which changes by other nodes are looked for as well
 */
export function liveRegion(
  repository: RepositoryName | null,
  watched: readonly RepositoryName[],
  { live, paths, text }: PageContext,
  isWhole = false,
): Html | null {
  if (!live) return null
  const watch: RepositoryName[] = []
  let length = 0
  for (const name of watched) {
    length += name.length
    if (length > mostCharacters) break
    watch.push(name)
  }
  const { updated, show } = text.layout
  return html`<p class="live" role="status" data-live="${paths.events({ repository, watch })}" data-updated="${updated}" data-show="${show}"${isWhole ? html` data-whole` : null}></p>`
}
