import { size } from '../format.ts'
import { type Html, html } from '../html.ts'
import type { PageContext } from '../page.ts'

/** A short fact in a frame. */
export interface Chip {
  readonly label: string
  readonly href?: string
  /** In bytes, behind the label; null where it is not known. */
  readonly bytes?: number | null
  /** What hovering says. */
  readonly hint?: string
  /** `gone` is for what is named and not there. */
  readonly tone?: 'gone' | 'good' | 'warn' | 'bad' | 'accent'
}

/** One chip. */
export function chip({ label, href, bytes, hint, tone }: Chip, page: PageContext): Html {
  const kind = tone === undefined ? 'chip' : `chip ${tone}`
  const inside = html`<span>${label}</span>${bytes === undefined || bytes === null ? null : size(bytes, page)}`
  const title = hint === undefined ? null : html` title="${hint}"`
  return href === undefined
    ? html`<span class="${kind}"${title}>${inside}</span>`
    : html`<a class="${kind}" href="${href}"${title}>${inside}</a>`
}

/** Chips in a row that wraps. */
export function chips(list: readonly Chip[], page: PageContext): Html {
  return html`<ul class="chips">${list.map((one) => html`<li>${chip(one, page)}</li>`)}</ul>`
}
