import { type Html, type HtmlValue, html } from '../html.ts'

/** Something that a person has to know before they go on. */
export function notice(
  content: HtmlValue,
  tone: 'plain' | 'good' | 'warn' | 'bad' = 'plain',
): Html {
  return html`<div class="${tone === 'plain' ? 'notice' : `notice ${tone}`}"${tone === 'bad' ? html` role="alert"` : null}>${content}</div>`
}

/** What stands where a list would be that has nothing in it. @param level of its heading */
export function emptyState(title: string, content: HtmlValue, level: 1 | 2 = 2): Html {
  const heading = level === 1 ? html`<h1>${title}</h1>` : html`<h2>${title}</h2>`
  return html`<div class="empty">${heading}${content}</div>`
}
