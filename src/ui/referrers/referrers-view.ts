import { visible } from '../bounded.ts'
import { chips } from '../components/chips.ts'
import { emptyState, notice } from '../components/notice.ts'
import { age, shortDigest, size } from '../format.ts'
import { type Html, html } from '../html.ts'
import type { PageContext } from '../page.ts'
import type { ArtifactKind } from '../readers/kinds.ts'
import { documentsView, unreadableView } from './documents-view.ts'
import type { AttachedTo, ReferrerNode, ReferrersData } from './referrers-data.ts'

/** In the order in which they are shown. */
const kinds: readonly ArtifactKind[] = [
  'signature',
  'sbom',
  'attestation',
  'image',
  'index',
  'chart',
  'wasm',
  'flux',
  'argo',
  'model',
  'artifact',
]

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
    const groups = kinds
      .map((kind) => ({ kind, some: nodes.filter((one) => one.kind === kind) }))
      .filter(({ some }) => some.length > 0)
    return html`${groups.map(
      ({ kind, some }) =>
        html`<h3 class="kind">${page.text.artifact.groups[kind]} <span class="count">${some.length}</span></h3>
<ul class="tree">${some.map((one) => html`<li>${node(one)}</li>`)}</ul>`,
    )}`
  }

  function node(one: ReferrerNode): Html {
    const { digest, artifactType, mediaType, by, createdAt, referrers } = one
    const href = page.paths.artifact(repository, { kind: 'digest', digest })
    const attached = by === 'subject' ? [] : [{ label: words.by[by] }]
    return html`<div class="panel referrer">
<div class="referrer-head">${chips([{ label: visible(artifactType ?? mediaType) }, ...attached], page)}
<p class="muted small"><a href="${href}"><code title="${digest}">${shortDigest(digest)}</code></a> · ${size(one.size, page)}${createdAt === null ? null : html` · ${age(createdAt, page)}`}</p></div>
${unreadableView(one.unreadable, page)}
${one.isAboutSubject === false ? notice(words.other, 'warn') : null}
${documentsView(one, page)}
</div>
${referrers.length === 0 ? null : html`<div class="inner"><p class="muted small">${words.referrersOfIt}</p>${tree(referrers)}</div>`}`
  }
}
