import type { TrashEntry } from '../../ports/metadata-store.ts'
import { breadcrumb, crumbsTo } from '../components/breadcrumb.ts'
import { emptyState } from '../components/notice.ts'
import { age, countText, size } from '../format.ts'
import { type Html, html } from '../html.ts'
import type { PageContext } from '../page.ts'
import { entryTitle, spanText } from './deletion-words.ts'
import type { TrashFacts, TrashItem } from './load-trash.ts'

/** Draws a page of the trash. */
export function trashView(facts: TrashFacts, page: PageContext): Html {
  const { repository, entries, next } = facts
  const { text, paths } = page
  const words = text.deletion.trash
  const crumbs =
    repository === null
      ? [{ label: text.home.title, href: paths.home() }, { label: words.title }]
      : [...crumbsTo(repository, page), { label: words.title }]
  const isEmpty = entries.length === 0 && next === null
  return html`${breadcrumb(crumbs, page)}
<div class="head"><div><h1>${repository === null ? words.title : words.of(repository)}</h1>
${isEmpty ? null : html`<p class="lead">${words.lead}</p>`}</div>
${repository === null ? null : html`<p class="actions"><a class="button quiet" href="${paths.trash()}">${words.all}</a></p>`}</div>
${isEmpty ? emptyState(words.empty, html`<p>${words.emptyHint}</p>`) : table(entries, page)}
${next === null ? null : html`<p class="pager"><a class="button quiet" href="${paths.trash({ repository, after: next })}">${words.next}</a></p>`}`
}

function table(entries: readonly TrashItem[], page: PageContext): Html {
  const words = page.text.deletion.trash
  return html`<table class="table stack trash"><caption class="away">${words.title}</caption>
<thead><tr><th scope="col">${words.what}</th><th scope="col">${words.deleted}</th><th scope="col">${words.left}</th><th scope="col" class="number">${words.size}</th><th scope="col"><span class="away">${words.action}</span></th></tr></thead>
<tbody>${entries.map((entry) => row(entry, page))}</tbody>
</table>`
}

function row(entry: TrashItem, page: PageContext): Html {
  const { deletedAt, leftMs, kind, mayRestore } = entry
  const words = page.text.deletion.trash
  const bytes = entry.counts?.bytes ?? entry.size
  return html`<tr><th scope="row"><span class="break">${entryTitle(entry)}</span> <span class="muted">${words.kinds[kind]}</span>${tagsOf(entry, page)}</th>
<td data-label="${words.deleted}">${age(deletedAt, page)}</td>
<td data-label="${words.left}">${leftMs === 0 ? words.ends : spanText(leftMs, page)}</td>
<td data-label="${words.size}" class="number">${size(bytes, page)}</td>
<td class="number">${mayRestore ? button(entry, page) : null}</td></tr>`
}

function tagsOf({ tags, tagCount, counts }: TrashEntry, page: PageContext): Html | null {
  const { deletion } = page.text
  if (counts !== undefined) {
    const held = [
      deletion.manifests(counts.manifests, countText(counts.manifests, page)),
      deletion.tags(counts.tags, countText(counts.tags, page)),
    ]
    return html`<br><span class="muted">${held.join(', ')}</span>`
  }
  if (tagCount === 0) return null
  const shown = tags.slice(0, 10)
  const rest = tagCount - shown.length
  const more = rest > 0 ? ` ${deletion.more(countText(rest, page))}` : ''
  return html`<br><span class="muted">${deletion.trash.tags} ${shown.join(', ')}${more}</span>`
}

function button(entry: TrashItem, { paths, csrf, text }: PageContext): Html {
  const words = text.deletion.trash
  return html`<form method="post" action="${paths.restore()}">
${csrf === null ? null : html`<input type="hidden" name="csrf" value="${csrf}">`}
<input type="hidden" name="repository" value="${entry.repository}"><input type="hidden" name="id" value="${entry.id}">
<button class="quiet" aria-label="${words.restoreWhat(entryTitle(entry))}">${words.restore}</button></form>`
}
