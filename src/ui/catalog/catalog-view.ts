import { breadcrumb } from '../components/breadcrumb.ts'
import { emptyState, notice } from '../components/notice.ts'
import { orderLinks } from '../components/order-links.ts'
import { searchForm } from '../components/search-form.ts'
import { age, countText, size } from '../format.ts'
import { type Html, html } from '../html.ts'
import { liveRegion } from '../live/live-region.ts'
import type { PageContext } from '../page.ts'
import type { Query } from '../paths.ts'
import type { CatalogData, ListedRepository } from './catalog-data.ts'
import { firstPush } from './first-push.ts'
import { statusRow } from './status-row.ts'

/** Draws the home page. */
export function catalogView(data: CatalogData, page: PageContext): Html {
  const { text, paths, viewer } = page
  const { home } = text
  const { q, namespace, status } = data
  const isAll = q === null && namespace === null
  const isEmpty = data.repositories.length === 0 && data.next === null && data.page === 1
  if (isEmpty && isAll && data.next === null) {
    const mayPush = !viewer.canLogIn || viewer.isLoggedIn
    return html`${status === null ? null : statusRow(status, page)}
${
  mayPush
    ? html`${liveRegion(null, [], page, true)}${firstPush(data.host, page)}`
    : emptyState(
        home.nothingVisible,
        html`<p class="lead">${home.pleaseLogIn}</p>
<p class="actions"><a class="button" href="${paths.login()}">${text.session.logIn}</a></p>`,
        1,
      )
}`
  }
  const keep: Query = { namespace, sort: data.sort === 'name' ? null : data.sort }
  return html`${namespace === null ? null : breadcrumb([{ label: home.title, href: paths.home() }, { label: namespace }], page)}
<div class="head"><div><h1>${namespace ?? home.title}</h1></div></div>
${status === null || !isAll ? null : statusRow(status, page)}
<div class="tools">
${searchForm({ action: paths.home(), label: home.search, placeholder: home.searchHint, q, keep }, page)}
<div data-results="orders">${orderLinks(home.sortedBy, orders(data, page), page)}</div>
</div>
${liveRegion(
  null,
  data.repositories.map(({ name }) => name),
  page,
)}
<div data-results="repositories" data-count="${home.counted(data.repositories.length, data.next !== null || data.hasNextPage)}">
${isEmpty ? noneFound(data, page) : list(data, page)}
${pager(data, page)}
</div>`
}

function orders(data: CatalogData, { text, paths }: PageContext): Parameters<typeof orderLinks>[1] {
  return (['name', 'updated', 'size'] as const).map((order) => ({
    label: text.home.orders[order],
    href: paths.home({
      q: data.q,
      namespace: data.namespace,
      sort: order === 'name' ? null : order,
    }),
    isCurrent: data.sort === order,
  }))
}

function noneFound({ q, isPartial }: CatalogData, page: PageContext): Html {
  const { home } = page.text
  return isPartial
    ? notice(html`<p>${home.noneYet}</p>`)
    : emptyState(
        home.noneFound(q ?? ''),
        html`<p class="lead"><a href="${page.paths.home()}">${home.showAll}</a></p>`,
      )
}

/** By name in groups of a namespace each; by anything else in one list with whole names. */
function list(data: CatalogData, page: PageContext): Html {
  const { home } = page.text
  const groups: Map<string, ListedRepository[]> = new Map()
  for (const repository of data.repositories) {
    const group = data.sort === 'name' ? namespaceOf(repository.name, data.namespace) : ''
    const others = groups.get(group)
    if (others === undefined) groups.set(group, [repository])
    else others.push(repository)
  }
  /** Its name stands above the list, or it has none. */
  const isOuter = (group: string): boolean => group === '' || group === data.namespace
  // Those in no namespace of their own first, wherever their names are among the others.
  const inOrder = [...groups].sort(([a], [b]) => Number(!isOuter(a)) - Number(!isOuter(b)))
  return html`<table class="table stack repositories">
<caption class="away">${home.title}</caption>
<thead><tr><th scope="col">${home.name}</th><th scope="col" class="number">${home.tags}</th><th scope="col" class="number">${home.size}</th><th scope="col" class="number">${home.lastPush}</th></tr></thead>
${inOrder.map(
  ([group, repositories]) => html`<tbody>
${isOuter(group) ? null : html`<tr class="group"><th scope="rowgroup" colspan="4"><a href="${page.paths.home({ namespace: group })}">${group}</a></th></tr>`}
${repositories.map((one) => row(one, group === '' ? 0 : group.length + 1, page))}
</tbody>`,
)}
</table>`
}

function row(repository: ListedRepository, hidden: number, page: PageContext): Html {
  const { home } = page.text
  const { name, tags, bytes, pushedAt } = repository
  const shownName = name.slice(hidden)
  const slash = shownName.lastIndexOf('/') + 1
  return html`<tr><th scope="row"><a class="name" href="${page.paths.repository(name)}">${hidden === 0 ? null : html`<span class="away">${name.slice(0, hidden)}</span>`}${slash === 0 ? null : html`<span class="ns">${shownName.slice(0, slash)}</span>`}${shownName.slice(slash)}</a></th>
<td class="number" data-label="${home.tags}">${countText(tags, page)}</td>
<td class="number" data-label="${home.size}">${size(bytes, page)}</td>
<td class="number" data-label="${home.lastPush}">${age(pushedAt, page)}</td></tr>`
}

/** What stands before the first slash after the namespace that is looked at; empty where there is none. */
function namespaceOf(name: string, within: string | null): string {
  const start = within === null ? 0 : within.length + 1
  const slash = name.indexOf('/', start)
  return slash === -1 ? (within ?? '') : name.slice(0, slash)
}

function pager(data: CatalogData, { text, paths }: PageContext): Html | null {
  const { q, namespace, next, isPartial, sort } = data
  const query = { q, namespace, sort: sort === 'name' ? null : sort }
  const hint = isPartial
    ? html`<span>${sort === 'name' ? text.home.partial : text.home.partlySorted}</span>`
    : null
  if (next !== null) {
    const label = isPartial ? text.home.goOn : text.layout.next
    return html`<nav class="pager" aria-label="${text.layout.pages}">${hint}<a class="button quiet" href="${paths.home({ ...query, after: next })}">${label}</a></nav>`
  }
  if (!data.hasNextPage && data.page === 1)
    return hint === null ? null : html`<p class="pager">${hint}</p>`
  return html`<nav class="pager" aria-label="${text.layout.pages}">
${data.page > 1 ? html`<a class="button quiet" href="${paths.home(query)}">${text.layout.first}</a>` : null}
${data.hasNextPage ? html`<a class="button quiet" href="${paths.home({ ...query, page: data.page + 1 })}">${text.layout.next}</a>` : null}${hint}</nav>`
}
