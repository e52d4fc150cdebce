import { type Chip, chips } from '../components/chips.ts'
import { copyField, inlineCopy } from '../components/copy-field.ts'
import { emptyState } from '../components/notice.ts'
import { orderLinks } from '../components/order-links.ts'
import { searchForm } from '../components/search-form.ts'
import { age, countText, shortDigest, size } from '../format.ts'
import { type Html, html } from '../html.ts'
import { liveRegion } from '../live/live-region.ts'
import type { PageContext } from '../page.ts'
import { kindText } from './kind-text.ts'
import type { ListedTags, RepositoryData, TagSort } from './repository-data.ts'

/** Draws the tags of a repository. */
export function tagsView(data: RepositoryData, page: PageContext): Html {
  const { text, paths } = page
  const words = text.repository
  const { repository, q, sort, tags, next } = data
  if (data.tagCount === 0 && q === null) {
    const name = `${data.host ?? 'HOST:PORT'}/${repository}`
    return emptyState(
      words.noTags,
      html`<p class="lead">${words.noTagsHint}</p>
<div class="gap-above">${copyField(`docker push ${name}:latest`, page)}</div>`,
    )
  }
  const query = { q, sort: sortText(sort) }
  return html`<div class="tools">
${searchForm({ action: paths.repository(repository), label: words.filter, placeholder: words.filter, q, keep: { sort: sortText(sort) } }, page)}
<div data-results="orders">${orderLinks(text.home.sortedBy, orders(data, page), page)}</div>
</div>
${liveRegion(repository, [], page)}
<div data-results="tags" data-count="${words.counted(tags.length, next !== null)}">
${tags.length === 0 ? emptyState(words.noneFound(q ?? ''), html`<p class="lead"><a href="${paths.repository(repository)}">${words.showAll}</a></p>`) : table(data, page)}
${
  next === null && !data.isLater
    ? null
    : html`<nav class="pager" aria-label="${text.layout.pages}">
${data.isLater ? html`<a class="button quiet" href="${paths.repository(repository, query)}">${text.layout.first}</a>` : null}
${next === null ? null : html`<a class="button quiet" href="${paths.repository(repository, { ...query, after: next })}">${text.layout.next}</a>`}</nav>`
}
</div>`
}

/** Each order as people want it first, turned around where it is the one that counts. */
const first = {
  updated: true,
  version: true,
  name: false,
  size: true,
}

function orders({ repository, q, sort }: RepositoryData, { text, paths }: PageContext) {
  return (['updated', 'version', 'name', 'size'] as const).map((order) => {
    const isCurrent = sort.order === order
    const descending = isCurrent ? !sort.descending : first[order]
    const arrow = isCurrent ? (sort.descending ? ' ↓' : ' ↑') : ''
    return {
      label: `${text.repository.orders[order]}${arrow}`,
      href: paths.repository(repository, { q, sort: sortText({ order, descending }) }),
      isCurrent,
    }
  })
}

/** Null for what is the default. */
function sortText({ order, descending }: TagSort): string | null {
  return order === 'updated' && descending ? null : `${descending ? '-' : ''}${order}`
}

function table(data: RepositoryData, page: PageContext): Html {
  const words = page.text.repository
  const isChoice = data.mayDelete && page.deletes
  const inside = html`<table class="table stack tags"><caption class="away">${words.tags}</caption>
<thead><tr>${isChoice ? html`<th scope="col" class="choice"><span class="away">${words.choose}</span></th>` : null}<th scope="col">${words.tag}</th><th scope="col">${words.platforms}</th><th scope="col" class="digest">${words.digest}</th><th scope="col" class="number">${words.size}</th><th scope="col" class="number">${words.pushed}</th></tr></thead>
<tbody>${data.tags.map((one) => row(one, data, isChoice, page))}</tbody></table>`
  if (!isChoice) return inside
  return html`<form action="${page.paths.deletion(data.repository)}"><input type="hidden" name="chosen" value="1">${inside}
<p class="chosen"><button class="quiet">${words.removeChosen}</button> <a class="quiet-link" href="${page.paths.deletion(data.repository)}">${words.remove}</a></p></form>`
}

function row(
  item: ListedTags,
  { repository }: RepositoryData,
  isChoice: boolean,
  page: PageContext,
): Html {
  const { text, paths } = page
  const words = text.repository
  const { digest, tags, tagCount, pushedBy, attachedTo } = item
  const [name = '', ...aliases] = tags
  const tagLink = (tag: (typeof tags)[number], kind: string): Html =>
    html`<a class="${kind}" href="${paths.artifact(repository, { kind: 'tag', tag })}">${attachedTo === null ? tag : shortTag(tag)}</a>`
  const hidden = tagCount - tags.length
  return html`<tr${attachedTo === null ? null : html` class="helper"`}>
${isChoice ? html`<td class="choice"><input type="checkbox" name="reference" value="${name}" aria-label="${words.chooseTag(name)}"></td>` : null}
<th scope="row"><span class="names">${tags.slice(0, 1).map((tag) => tagLink(tag, 'tag'))}${aliases.map((tag) => html` ${tagLink(tag, 'alias')}`)}${hidden > 0 ? html` <span class="muted small">${words.more(hidden)}</span>` : null}</span>
${marks(item, repository, page)}</th>
<td class="platforms" data-label="${words.platforms}">${platforms(item, repository, page)}</td>
<td class="digest" data-label="${words.digest}">${inlineCopy(shortDigest(digest), digest, page, words.copyDigest)}</td>
<td class="number" data-label="${words.size}">${size(item.size, page)}</td>
<td class="number" data-label="${words.pushed}"><span>${age(item.updatedAt, page)}${pushedBy === null ? null : html`<span class="sub">${words.by} ${pushedBy}</span>`}</span></td></tr>`
}

/** `sha256-0123456789ab….sig` */
function shortTag(tag: string): string {
  return tag.replace(/^(sha\d{3}-[0-9a-f]{12})[0-9a-f]+/, '$1…')
}

function marks(
  item: ListedTags,
  repository: RepositoryData['repository'],
  page: PageContext,
): Html | null {
  const words = page.text.repository
  const { digest, isSigned, referrers, attachedTo } = item
  const list: Chip[] = []
  const own = { kind: 'digest', digest } as const
  if (attachedTo !== null) {
    const href = page.paths.artifact(repository, { kind: 'digest', digest: attachedTo })
    list.push({ label: words.attachedTo(shortDigest(attachedTo)), href })
  }
  if (isSigned)
    list.push({
      label: words.signed,
      tone: 'good',
      href: page.paths.artifact(repository, own, { view: 'referrers' }),
    })
  if (referrers > 0) {
    const label = `${countText(referrers, page)} ${referrers === 1 ? words.referrer : words.referrers}`
    list.push({ label, href: page.paths.artifact(repository, own, { view: 'referrers' }) })
  }
  return list.length === 0 ? null : html`<div class="marks">${chips(list, page)}</div>`
}

/** What is not said is Linux, and the one variant of arm64 that there is. */
function shortPlatform(name: string): string {
  return name.replace(/^linux\/(?=.)/, '').replace(/^arm64\/v8$/, 'arm64')
}

/** The platforms of an image; what else it is where it has none. */
function platforms(
  item: ListedTags,
  repository: RepositoryData['repository'],
  page: PageContext,
): Html {
  const words = page.text.repository
  if (item.platforms.length === 0) {
    const label =
      item.kind === null ? words.unreadable : kindText(item.kind, item.artifactType, page)
    return html`<span class="muted">${label}</span>`
  }
  const list: Chip[] = item.platforms.map(({ name: whole, digest, size, isPresent }) => {
    const name = shortPlatform(whole)
    const href =
      digest === null || !isPresent
        ? {}
        : { href: page.paths.artifact(repository, { kind: 'digest', digest }) }
    return isPresent
      ? { label: name, bytes: size, hint: whole, ...href }
      : { label: name, tone: 'gone', hint: `${whole}: ${words.platformMissing}` }
  })
  const hidden = item.platformCount - item.platforms.length
  return html`${chips(hidden > 0 ? [...list, { label: words.more(hidden) }] : list, page)}`
}
