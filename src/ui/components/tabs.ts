import { countText } from '../format.ts'
import { type Html, html } from '../html.ts'
import type { PageContext } from '../page.ts'

/** One of several views of the same thing. */
export interface Tab {
  readonly label: string
  readonly href: string
  readonly isCurrent: boolean
  readonly count?: number | null
}

/** Links between views of the same thing. @param label what they are views of */
export function tabs(label: string, list: readonly Tab[], page: PageContext): Html {
  return html`<nav class="tabs" aria-label="${label}">${list.map(
    ({ label, href, isCurrent, count }) =>
      html`<a href="${href}"${isCurrent ? html` aria-current="page"` : null}>${label}${count === undefined || count === null ? null : html` <span class="count">${countText(count, page)}</span>`}</a>`,
  )}</nav>`
}
