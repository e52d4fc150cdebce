import { safeLink, visible } from '../bounded.ts'
import { countText } from '../format.ts'
import { type Html, type HtmlValue, html } from '../html.ts'
import type { PageContext } from '../page.ts'
import { outsideLink } from './outside-link.ts'

/** A list of which only the first items are at hand. */
interface Listed<T> {
  readonly items: readonly T[]
  readonly count: number
}

/** What an author wrote, as text: a link where it is the address of a web page. */
export function said(text: string): HtmlValue {
  const address = safeLink(text)
  return address === null ? visible(text) : outsideLink(address)
}

/** The same as code: no link. */
export function saidCode(text: string): Html {
  return html`<code>${visible(text)}</code>`
}

/** Values one below the other, and how many more there are. */
export function saidList<T>(
  { items, count }: Listed<T>,
  draw: (item: T) => HtmlValue,
  page: PageContext,
): Html | null {
  if (count === 0) return null
  return html`<ul class="plain-list">${items.map((item) => html`<li>${draw(item)}</li>`)}${more(items.length, count, page)}</ul>`
}

/** Names and values in a table; nothing where there are none. */
export function saidEntries(
  title: string,
  { items, count }: Listed<readonly [key: string, value: string]>,
  page: PageContext,
): Html | null {
  if (count === 0) return null
  const { name, value } = page.text.artifact.image
  return html`<table class="table stack entries"><caption class="away">${title}</caption>
<thead><tr><th scope="col">${name}</th><th scope="col">${value}</th></tr></thead>
<tbody>${items.map(([key, text]) => html`<tr><th scope="row">${saidCode(key)}</th><td>${said(text)}</td></tr>`)}</tbody></table>
${count > items.length ? html`<p class="muted">${page.text.artifact.more(countText(count - items.length, page))}</p>` : null}`
}

function more(shown: number, count: number, page: PageContext): Html | null {
  if (count <= shown) return null
  return html`<li class="muted">${page.text.artifact.more(countText(count - shown, page))}</li>`
}
