import { type Html, html } from '../html.ts'

/** A link to another site, of an address that `safeLink` accepted. Shows where it leads. */
export function outsideLink(address: string, label?: string): Html {
  const shown = label ?? address.replace(/^https?:\/\/(?:www\.)?/, '').replace(/\/$/, '')
  const short = shown.length > 60 ? `${shown.slice(0, 59)}…` : shown
  return html`<a href="${address}" rel="noopener noreferrer nofollow">${short}</a>`
}
