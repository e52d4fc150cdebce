import { type Html, html } from '../html.ts'
import type { PageContext } from '../page.ts'

/** One order of a list. */
export interface OrderLink {
  readonly label: string
  readonly href: string
  readonly isCurrent: boolean
}

/** Links to a list in other orders. */
export function orderLinks(label: string, list: readonly OrderLink[], _page: PageContext): Html {
  return html`<nav class="orders" aria-label="${label}"><span aria-hidden="true">${label}</span>${list.map(
    ({ label, href, isCurrent }) =>
      html`<a href="${href}"${isCurrent ? html` aria-current="true"` : null}>${label}</a>`,
  )}</nav>`
}
