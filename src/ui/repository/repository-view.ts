import { breadcrumb, crumbsTo } from '../components/breadcrumb.ts'
import { copyField } from '../components/copy-field.ts'
import { factsRow } from '../components/facts-list.ts'
import { outsideLink } from '../components/outside-link.ts'
import { tabs } from '../components/tabs.ts'
import { age, size } from '../format.ts'
import { type Html, html } from '../html.ts'
import type { PageContext } from '../page.ts'
import { aboutView } from './about-view.ts'
import type { RepositoryData } from './repository-data.ts'
import { tagsView } from './tags-view.ts'
import { untaggedView } from './untagged-view.ts'

/** Draws the page of a repository. */
export function repositoryView(data: RepositoryData, page: PageContext): Html {
  const { text, paths } = page
  const words = text.repository
  const { repository, about, tab } = data
  const slash = repository.lastIndexOf('/') + 1
  const crumbs = crumbsTo(repository, page)
  return html`${breadcrumb(crumbs.slice(0, -1), page)}
<div class="head"><div>
<h1><span class="ns">${repository.slice(0, slash)}</span>${repository.slice(slash)}</h1>
${about?.description ? html`<p class="lead clamp">${about.description}</p>` : null}
</div>
${data.pull === null ? null : html`<div class="side">${copyField(data.pull, page, words.copyPull)}</div>`}
</div>
${factsRow([
  [words.size, data.bytes === null ? null : size(data.bytes, page)],
  [words.lastPush, data.pushedAt === null ? null : age(data.pushedAt, page)],
  [words.licence, about?.licenses ?? null],
  [words.source, about?.source ? outsideLink(about.source) : null],
  [words.documentation, about?.documentation ? outsideLink(about.documentation) : null],
])}
${tabs(
  repository,
  [
    tabOf('tags', words.tags, data.tagCount),
    tabOf('untagged', words.untagged),
    ...(about === null ? [] : [tabOf('about', words.about)]),
  ],
  page,
)}
${tab === 'untagged' ? untaggedView(data, page) : tab === 'about' ? aboutView(data, page) : tagsView(data, page)}`

  function tabOf(name: RepositoryData['tab'], label: string, count: number | null = null) {
    const href = paths.repository(repository, { tab: name === 'tags' ? null : name })
    return { label, href, isCurrent: tab === name, count }
  }
}
