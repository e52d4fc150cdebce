import type { RepositoryName } from '../../oci/repository-name.ts'
import type { RestoreOutcome, TrashEntry } from '../../ports/metadata-store.ts'
import { breadcrumb, crumbsTo } from '../components/breadcrumb.ts'
import { type Html, html } from '../html.ts'
import type { PageContext } from '../page.ts'
import { entryTitle } from './deletion-words.ts'

/** What became of an entry that was to be brought back. */
export interface RestoredFacts {
  readonly repository: RepositoryName
  /** Null where it is not in the trash. */
  readonly entry: TrashEntry | null
  readonly outcome: RestoreOutcome | null
}

/** Draws what became of it. */
export function restoredView(
  { repository, entry, outcome }: RestoredFacts,
  page: PageContext,
): Html {
  const { paths, text } = page
  const words = text.deletion.trash
  const isBack = outcome?.kind === 'restored'
  const what = entry === null ? repository : entryTitle(entry)
  return html`${breadcrumb([...crumbsTo(repository, page), { label: words.title, href: paths.trash({ repository }) }], page)}
<section class="deletion">
<h1>${isBack ? words.restored(what) : words.failed}</h1>
<div role="status">${reason(outcome, page)}</div>
<p class="actions"><a class="button" href="${paths.repository(repository)}">${text.deletion.back(repository)}</a>
<a class="button quiet" href="${paths.trash({ repository })}">${words.of(repository)}</a></p>
</section>`
}

function reason(outcome: RestoreOutcome | null, { text }: PageContext): Html | null {
  const words = text.deletion.trash
  if (outcome === null) return html`<p>${words.gone}</p>`
  switch (outcome.kind) {
    case 'restored':
      if (outcome.leftCount === 0) return null
      return html`<p>${words.leftTags} ${outcome.left
        .slice(0, 50)
        .map(({ tag }) => tag)
        .join(', ')}</p>`
    case 'missing':
      return html`<p>${words.missing}</p><ul class="plain-list">${outcome.digests.slice(0, 50).map((digest) => html`<li><code class="break">${digest}</code></li>`)}</ul>`
    case 'exists':
      return html`<p>${words.exists}</p>`
    case 'over-quota':
      return html`<p>${words.overQuota}</p>`
  }
}
