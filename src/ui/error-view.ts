import type { ErrorName } from '../oci/error-codes.ts'
import { type Html, html } from './html.ts'
import type { PageContext } from './page.ts'

/** What a person is told of an error. */
export interface ErrorFacts {
  readonly status: number
  readonly kind: ErrorName
  /** What the error itself says, in place of the words of its kind. */
  readonly advice: string | null
  /** For the log of the operator; null where the log has nothing to tell. */
  readonly requestId: string | null
}

/** Draws the page of an error. */
export function errorView(facts: ErrorFacts, { text, paths, viewer }: PageContext): Html {
  const { errors } = text
  const mayHelp = (facts.status === 401 || facts.status === 404) && viewer.canLogIn
  return html`<section class="empty">
<p class="error-status" aria-hidden="true">${facts.status}</p>
<h1>${errors.title(facts.status)}</h1>
<p>${errors.explain(facts.status, facts.advice)}</p>
${facts.requestId === null ? null : html`<p class="muted">${errors.requestId} <code>${facts.requestId}</code></p>`}
<p class="actions"><a class="button" href="${paths.home()}">${errors.toHome}</a>
${mayHelp && !viewer.isLoggedIn ? html`<a class="button quiet" href="${paths.login()}">${text.session.logIn}</a>` : null}</p>
</section>`
}
