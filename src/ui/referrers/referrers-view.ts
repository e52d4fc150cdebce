import { visible } from '../bounded.ts'
import { chips } from '../components/chips.ts'
import { emptyState, notice } from '../components/notice.ts'
import { age, shortDigest, size } from '../format.ts'
import { type Html, html } from '../html.ts'
import type { PageContext } from '../page.ts'
import { documentsView, unreadableView } from './documents-view.ts'
import type { AttachedTo, ReferrerNode, ReferrersData } from './referrers-data.ts'

/** Draws what is attached to a tag or digest, as a tree. */
export function referrersView(data: ReferrersData, page: PageContext): Html {
  const words = page.text.referrers
  const { subjects, isCut, repository } = data
  if (subjects.length === 0) {
    return emptyState(words.none, html`<p class="lead">${words.noneHint}</p>`)
  }
  return html`${subjects.map((one) => subject(one))}${isCut ? notice(words.cut) : null}`

  function subject({ digest, platform, referrers }: AttachedTo): Html {
    const isOwn = digest === data.digest
    const name =
      platform === null ? html`<code>${shortDigest(digest)}</code>` : visible(platform.name)
    return html`<section class="section"><h2>${isOwn ? words.own : name}</h2>${tree(referrers)}</section>`
  }

  function tree(nodes: readonly ReferrerNode[]): Html {
    return html`<ul class="tree">${nodes.map((one) => html`<li>${node(one)}</li>`)}</ul>`
  }

  function node(one: ReferrerNode): Html {
    const { digest, kind, artifactType, mediaType, by, createdAt, referrers } = one
    const href = page.paths.artifact(repository, { kind: 'digest', digest })
    const attached = by === 'subject' ? [] : [{ label: words.by[by] }]
    return html`<div class="panel referrer">
<h3><a href="${href}">${page.text.artifact.kinds[kind]}</a></h3>
${chips([{ label: visible(artifactType ?? mediaType) }, ...attached], page)}
<p class="muted small"><code title="${digest}">${shortDigest(digest)}</code> · ${size(one.size, page)}${createdAt === null ? null : html` · ${age(createdAt, page)}`}</p>
${unreadableView(one.unreadable, page)}
${documentsView(one, page)}
</div>
${referrers.length === 0 ? null : html`<p class="muted small">${words.referrersOfIt}</p>${tree(referrers)}`}`
  }
}
