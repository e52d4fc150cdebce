import { boundedText } from '../bounded.ts'
import { factsRow, type NamedFact } from '../components/facts-list.ts'
import { notice } from '../components/notice.ts'
import { age, countText, size } from '../format.ts'
import { type Html, html } from '../html.ts'
import type { UiStatus } from '../options.ts'
import type { PageContext } from '../page.ts'

/** Draws how the registry does, and why where it does not do well. */
export function statusRow(status: UiStatus, page: PageContext): Html {
  const { home } = page.text
  const { health, reasons = [], version, storedBytes, uploads, lastCollection, startedAt } = status
  const facts: readonly NamedFact[] = [
    [home.health, html`<span class="health ${health}">${home.healths[health]}</span>`],
    [home.version, version === undefined ? null : boundedText(version, 40)],
    [home.started, startedAt === undefined ? null : age(startedAt, page)],
    [home.stored, storedBytes === undefined ? null : size(storedBytes, page)],
    [home.uploads, uploads === undefined ? null : uploadText(uploads, page)],
    [
      home.collected,
      lastCollection === undefined
        ? null
        : html`${age(lastCollection.at, page)}<span class="plain muted"> · ${home.freed} ${size(lastCollection.freedBytes, page)}</span>`,
    ],
  ]
  const why = reasons
    .slice(0, 20)
    .map((reason) => html`<li class="sentence">${boundedText(reason)}</li>`)
  return html`${why.length === 0 ? null : notice(html`<ul>${why}</ul>`, 'warn')}
<div class="status">${factsRow(facts)}</div>`
}

function uploadText(
  { sessions, bytes }: NonNullable<UiStatus['uploads']>,
  page: PageContext,
): Html {
  if (sessions === undefined) return size(bytes, page)
  if (sessions === 0) return html`${page.text.home.noUploads}`
  return html`${countText(sessions, page)}<span class="plain muted"> · ${size(bytes, page)}</span>`
}
