import type { Digest } from '../../oci/digest.ts'
import { manifestShape } from '../../oci/media-types.ts'
import type { PreviewedManifest } from '../../ports/registry-service.ts'
import { boundedText } from '../bounded.ts'
import { breadcrumb, crumbsTo } from '../components/breadcrumb.ts'
import { chips } from '../components/chips.ts'
import { factsRow } from '../components/facts-list.ts'
import { notice } from '../components/notice.ts'
import { countText, shortDigest, size } from '../format.ts'
import { type Html, html } from '../html.ts'
import type { PageContext } from '../page.ts'
import { kindOfType } from '../readers/kinds.ts'
import { kindText } from '../repository/kind-text.ts'
import { referenceOf, spanText, titleOf } from './deletion-words.ts'
import { type DeletionFacts, mostTargets } from './load-deletion.ts'

/** Names that one list shows. */
const mostShown = 50

/** Draws what a deletion would do, and the button that does it. @param hasChanged since it was shown before */
export function deletionView(facts: DeletionFacts, page: PageContext, hasChanged = false): Html {
  const { repository, preview, immutable, targets, freed } = facts
  const { text } = page
  const words = text.deletion
  return html`${breadcrumb([...crumbsTo(repository, page), { label: words.title }], page)}
<section class="deletion">
<h1>${words.heading(titleOf(facts, page))}</h1>
${hasChanged ? notice(words.changed, 'bad') : null}
${immutable.length === 0 ? null : notice(html`<p>${words.immutable}</p>${names(immutable)}`, 'warn')}
${(targets ?? []).filter(({ digest }) => digest === null).map(({ reference }) => notice(words.absent(reference)))}
${factsRow([
  [words.goes, goesText(facts, page)],
  [
    freed.isMost ? words.freesMost : words.frees,
    freed.bytes === null ? words.freesUnknown : size(freed.bytes, page),
  ],
])}
<p class="muted">${backText(facts, page)}</p>
${preview.manifestCount === 0 ? html`<p>${words.onlyTag}</p>` : null}
${preview.aliases.length === 0 ? null : notice(html`<p>${words.aliases}</p>${names(preview.aliases)}`, 'warn')}
${manifests(words.goes, preview.manifests, preview.manifestCount, facts, page)}
${referrers(facts, page)}
${manifests(words.parents, preview.parents, preview.parentCount, facts, page)}
${manifests(words.children, preview.children, preview.childCount, facts, page, withThese(preview.children, preview.childCount, facts, page))}
${manifests(words.untagged, preview.untagged, preview.untagged.length, facts, page, withThese(preview.untagged, preview.untagged.length, facts, page))}
${form(facts, page)}
</section>`
}

function form(facts: DeletionFacts, page: PageContext): Html {
  const { repository, targets, seen, immutable } = facts
  const { paths, csrf, text } = page
  const words = text.deletion
  const count = targets?.length ?? 0
  const label =
    targets === null ? words.confirmRepository : words.confirm(count, countText(count, page))
  const action = paths.deletion(repository, null, {
    reference: targets?.map(({ reference }) => reference),
  })
  return html`<form method="post" action="${action}" class="actions">
${csrf === null ? null : html`<input type="hidden" name="csrf" value="${csrf}">`}
<input type="hidden" name="seen" value="${seen}">
${immutable.length > 0 ? null : html`<button class="danger">${label}</button>`}
<a class="button quiet" href="${paths.repository(repository)}">${words.cancel}</a>
</form>`
}

/** Leads to the same deletion with what it would leave behind, so that it is shown what that changes. */
function withThese(
  left: readonly { readonly digest: Digest }[],
  count: number | null,
  { repository, targets }: DeletionFacts,
  page: PageContext,
): Html | null {
  if (targets === null || count !== left.length) return null
  const reference = [
    ...targets.map((target) => target.reference),
    ...left.map(({ digest }) => digest),
  ]
  if (reference.length > mostTargets) return null
  const link = page.paths.deletion(repository, null, { reference })
  return html`<p class="with-these"><a class="button quiet" href="${link}">${page.text.deletion.withThese}</a></p>`
}

function goesText({ preview }: DeletionFacts, page: PageContext): string {
  const { manifestCount, tagCount } = preview
  const words = page.text.deletion
  const parts = [
    ...(manifestCount === 0
      ? []
      : [words.manifests(manifestCount, countText(manifestCount, page))]),
    ...(tagCount === 0 ? [] : [words.tags(tagCount, countText(tagCount, page))]),
  ]
  return parts.join(', ')
}

/** Whether it can be brought back, and when its space is free. */
function backText({ trashMs, freed }: DeletionFacts, page: PageContext): string {
  const words = page.text.deletion
  const frees = trashMs === 0 ? words.freesSoon : words.freesLater
  const back =
    trashMs === null ? '' : trashMs === 0 ? words.final : words.restorable(spanText(trashMs, page))
  return [back, freed.bytes ? frees : ''].join(' ').trim()
}

function manifests(
  title: string,
  found: readonly PreviewedManifest[],
  count: number | null,
  { repository }: DeletionFacts,
  page: PageContext,
  below: Html | null = null,
): Html | null {
  if (found.length === 0) return null
  const rows = found
    .slice(0, mostShown)
    .map(({ digest, tags, tagCount, artifactType, mediaType }) => {
      const link = page.paths.artifact(repository, referenceOf(digest))
      const shown = tags.slice(0, 10).map((tag) => ({ label: tag }))
      const rest = tagCount - shown.length
      return html`<li><a href="${link}"><code title="${digest}">${shortDigest(digest)}</code></a>
${shown.length === 0 ? null : chips(shown, page)}
${rest > 0 ? html`<span class="muted">${page.text.deletion.more(countText(rest, page))}</span>` : null}
<span class="muted">${kindOf(mediaType, artifactType, page)}</span></li>`
    })
  return section(title, rows, count, page, below)
}

function referrers(facts: DeletionFacts, page: PageContext): Html | null {
  const { repository, preview } = facts
  if (preview.referrers.length === 0) return null
  const rows = preview.referrers.slice(0, mostShown).map(({ digest, artifactType }) => {
    const link = page.paths.artifact(repository, referenceOf(digest))
    return html`<li><a href="${link}"><code title="${digest}">${shortDigest(digest)}</code></a>
<span class="muted">${kindOf('', artifactType, page)}</span></li>`
  })
  const below = withThese(preview.referrers, preview.referrerCount, facts, page)
  return section(page.text.deletion.referrers, rows, preview.referrerCount, page, below)
}

/** What it is, as people say it. An image's type is that of its config. */
function kindOf(mediaType: string, artifactType: string | undefined, page: PageContext): string {
  const type = artifactType ?? ''
  const isImage = /^application\/vnd\.(?:oci\.image\.config|docker\.container\.image)\./.test(type)
  const isIndex = manifestShape(mediaType) === 'index'
  const kind = isIndex ? 'index' : isImage ? 'image' : kindOfType(type)
  return boundedText(kindText(kind, artifactType ?? null, page), 100) ?? ''
}

function section(
  title: string,
  rows: readonly Html[],
  count: number | null,
  page: PageContext,
  below: Html | null,
): Html {
  const rest = (count ?? rows.length) - rows.length
  const more =
    rest > 0 ? html`<li class="muted">${page.text.deletion.more(countText(rest, page))}</li>` : null
  return html`<section class="section"><h2>${title}</h2><ul class="plain-list">${rows}${more}</ul>${below}</section>`
}

function names(list: readonly string[]): Html {
  return html`<p>${list.slice(0, mostShown).join(', ')}</p>`
}
