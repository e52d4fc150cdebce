import { emptyState } from '../components/notice.ts'
import { age, shortDigest, size } from '../format.ts'
import { type Html, html } from '../html.ts'
import type { PageContext } from '../page.ts'
import { kindText } from './kind-text.ts'
import type { ListedManifest, RepositoryData } from './repository-data.ts'

/** Draws the manifests that no tag stands for. */
export function untaggedView(data: RepositoryData, page: PageContext): Html {
  const { text, paths } = page
  const words = text.repository
  const { repository, untagged, next, isPartial } = data
  if (untagged.length === 0 && !isPartial) {
    return emptyState(words.noneUntagged, html`<p class="lead">${words.noneUntaggedHint}</p>`)
  }
  const later = paths.repository(repository, { tab: 'untagged', after: next })
  return html`<p class="muted small gap-below">${words.untaggedHint}</p>
<table class="table stack"><caption class="away">${words.untagged}</caption>
<thead><tr><th scope="col">${words.digest}</th><th scope="col">${words.kind}</th><th scope="col" class="number">${words.size}</th><th scope="col" class="number">${words.pushed}</th></tr></thead>
<tbody>${untagged.map((one) => row(one, data, page))}</tbody></table>
${next === null ? null : html`<nav class="pager" aria-label="${text.layout.pages}"><a class="button quiet" href="${later}">${isPartial ? text.home.goOn : text.layout.next}</a></nav>`}`
}

function row(manifest: ListedManifest, { repository }: RepositoryData, page: PageContext): Html {
  const words = page.text.repository
  const { digest, kind, artifactType, pushedAt, pushedBy, untaggedAt } = manifest
  const href = page.paths.artifact(repository, { kind: 'digest', digest })
  return html`<tr><th scope="row"><a class="tag" href="${href}"><code>${shortDigest(digest)}</code></a>${untaggedAt === null ? null : html`<span class="sub">${words.untaggedAt} ${age(untaggedAt, page)}</span>`}</th>
<td data-label="${words.kind}">${kindText(kind, artifactType, page)}</td>
<td class="number" data-label="${words.size}">${size(manifest.size, page)}</td>
<td class="number" data-label="${words.pushed}">${age(pushedAt, page)}${pushedBy === null ? null : html`<span class="sub">${words.by} ${pushedBy}</span>`}</td></tr>`
}
