import type { RepositoryName } from '../../oci/repository-name.ts'
import { boundedText } from '../bounded.ts'
import { breadcrumb, crumbsTo } from '../components/breadcrumb.ts'
import { type Html, html } from '../html.ts'
import type { PageContext } from '../page.ts'
import type { DeletionOutcome } from './carry-out.ts'

/** What became of a deletion. */
export interface DeletedFacts {
  readonly repository: RepositoryName
  readonly outcomes: readonly DeletionOutcome[]
  /** Whether something of the repository can be brought back. */
  readonly mayRestore: boolean
}

/** Draws what became of a deletion. */
export function deletedView(facts: DeletedFacts, page: PageContext): Html {
  const { repository, outcomes, mayRestore } = facts
  const { paths, text } = page
  const words = text.deletion
  const isDone = outcomes.every(({ outcome }) => outcome === 'deleted')
  return html`${breadcrumb([...crumbsTo(repository, page), { label: words.title }], page)}
<section class="deletion">
<h1>${isDone ? words.done : words.notDone}</h1>
<ul class="plain-list">${outcomes.map(
    ({ reference, outcome, reason }) =>
      html`<li><code>${boundedText(reference, 300)}</code> ${words.outcomes[outcome]}${
        reason === undefined ? null : html`<br><span class="muted">${boundedText(reason)}</span>`
      }</li>`,
  )}</ul>
<p class="actions"><a class="button" href="${paths.repository(repository)}">${words.back(repository)}</a>
${mayRestore ? html`<a class="button quiet" href="${paths.trash({ repository })}">${words.undo}</a>` : null}</p>
</section>`
}
