import { type Html, html, markup } from '../html.ts'
import type { PageContext } from '../page.ts'

/** A button that copies a text; there only where scripts run. */
export function copyButton(
  copied: string,
  { text }: PageContext,
  label: string = text.layout.copy,
): Html {
  return html`<button type="button" class="copy-button" data-copy="${copied}" data-copied="${text.layout.copied}" aria-label="${label}" title="${label}">${icons}</button>`
}

/** A command, or another line to copy. */
export function copyField(text: string, page: PageContext, label?: string): Html {
  return html`<div class="copy"><code tabindex="0">${text}</code>${copyButton(text, page, label)}</div>`
}

/** A digest or the like in running text: what is shown may be shorter than what is copied. */
export function inlineCopy(shown: string, copied: string, page: PageContext, label?: string): Html {
  return html`<span class="inline-copy"><code title="${copied}">${shown}</code>${copyButton(copied, page, label)}</span>`
}

const icons: Html = markup(
  '<svg class="before" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.4" aria-hidden="true"><rect x="5.5" y="5.5" width="8" height="8" rx="1.5"/><path d="M3.5 10.5h-.2A.8.8 0 0 1 2.5 9.7V3.3a.8.8 0 0 1 .8-.8h6.4a.8.8 0 0 1 .8.8v.2"/></svg><svg class="after" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.8" aria-hidden="true"><path d="m3 8.5 3.2 3.2L13 5"/></svg>',
)
