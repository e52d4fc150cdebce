import { type Html, html } from '../html.ts'
import type { PageContext } from '../page.ts'
import type { Query } from '../paths.ts'

/** A field to search with. */
export interface SearchForm {
  readonly action: string
  readonly label: string
  readonly placeholder: string
  readonly q: string | null
  /** Parameters that stay. */
  readonly keep: Query
}

/** A form that finds as one types where scripts run, and with its button elsewhere. */
export function searchForm(
  { action, label, placeholder, q, keep }: SearchForm,
  page: PageContext,
): Html {
  const kept = Object.entries(keep).filter(([, value]) => typeof value === 'string' && value !== '')
  return html`<form class="search" role="search" action="${action}" data-follow>
<label class="away" for="q">${label}</label>
<input id="q" type="search" name="q" value="${q ?? ''}" placeholder="${placeholder}" autocomplete="off" spellcheck="false" autocapitalize="none" maxlength="255">
${kept.map(([key, value]) => html`<input type="hidden" name="${key}" value="${String(value)}">`)}
<button class="quiet">${page.text.layout.search}</button>
</form>`
}
