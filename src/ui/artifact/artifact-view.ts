import type { Reference } from '../../oci/reference.ts'
import { visible } from '../bounded.ts'
import { breadcrumb, crumbsTo } from '../components/breadcrumb.ts'
import { type Chip, chips } from '../components/chips.ts'
import { inlineCopy } from '../components/copy-field.ts'
import { factsRow } from '../components/facts-list.ts'
import { tabs } from '../components/tabs.ts'
import { saidEntries } from '../components/untrusted.ts'
import { age, countText, shortDigest, size } from '../format.ts'
import { type Html, type HtmlValue, html } from '../html.ts'
import { liveRegion } from '../live/live-region.ts'
import type { PageContext } from '../page.ts'
import { referenceText } from '../paths.ts'
import { entryOf } from '../readers/manifest-details.ts'
import { documentsView, unreadableView } from '../referrers/documents-view.ts'
import { referrersView } from '../referrers/referrers-view.ts'
import type { ArtifactAnswer, ArtifactData, ArtifactTab } from './artifact-data.ts'
import { chartView, filesView, imageView } from './contents-view.ts'
import { layersView } from './layers-view.ts'
import { platformsView } from './platforms-view.ts'
import { pullView } from './pull-view.ts'
import { rawView } from './raw-view.ts'

/** Draws the page of a tag or digest. */
export function artifactView(answer: ArtifactAnswer, page: PageContext): Html {
  const { text, paths } = page
  const words = text.artifact
  const { repository, digest, kind, tag, view } = answer
  const reference: Reference = tag === null ? { kind: 'digest', digest } : { kind: 'tag', tag }
  const isDigest = tag === null
  const name = isDigest ? `@${shortDigest(digest)}` : `:${tag}`
  const count = answer.attached.reduce((sum, one) => sum + one.count, 0)
  return html`${breadcrumb(crumbsTo(repository, page), page)}
<div class="head"><div>
<h1 title="${repository}${isDigest ? '@' : ':'}${referenceText(reference)}"><span class="ns">${repository.slice(repository.lastIndexOf('/') + 1)}</span>${name}</h1>
${lead(answer)}
${chips([{ label: words.kinds[kind], tone: 'accent' }, ...typeChip(answer), ...attachedChips(answer, page)], page)}
</div><div class="actions">
<a class="button quiet" href="${paths.compare(repository, { from: referenceText(reference) })}">${words.compare}</a>
${answer.mayDelete && page.deletes ? html`<a class="button quiet" href="${paths.deletion(repository, reference)}">${words.remove}</a>` : null}
</div></div>
${liveRegion(repository, [], page)}
<div data-results="artifact">
${facts(answer, page)}
${tabs(repository, [tabOf('overview'), tabOf('referrers', count), tabOf('raw')], page)}
${view === 'overview' ? overview(answer, page) : view === 'raw' ? rawView(answer, page) : answer.tree && referrersView(answer.tree, page)}
</div>`

  function tabOf(tab: ArtifactTab, shown: number | null = null) {
    const href = paths.artifact(repository, reference, { view: tab === 'overview' ? null : tab })
    return { label: words.tabs[tab], href, isCurrent: view === tab, count: shown || null }
  }
}

/** Only the hour of a pull is known, by its beginning. */
function pulledView(hour: number, page: PageContext): HtmlValue {
  const isNow = page.now - hour < 3_600_000
  return isNow ? page.text.artifact.facts.lately : age(hour, page)
}

/** What the author says that it is. */
function lead({ annotations, image, chart }: ArtifactData): Html | null {
  const key = 'org.opencontainers.image.description'
  const text =
    chart?.description ?? entryOf(annotations, key) ?? (image && entryOf(image.labels, key))
  return text === null || text === '' ? null : html`<p class="lead clamp">${visible(text)}</p>`
}

function typeChip({ kind, artifactType }: ArtifactData) {
  return kind === 'image' || artifactType === null ? [] : [{ label: visible(artifactType) }]
}

/** What kinds of artifacts are attached, as links to them. */
function attachedChips({ attached, repository, digest }: ArtifactData, page: PageContext): Chip[] {
  const { groups, kinds } = page.text.artifact
  const href = page.paths.artifact(repository, { kind: 'digest', digest }, { view: 'referrers' })
  return attached
    .filter(({ kind }) => kind !== 'artifact')
    .map(({ kind, count }) => {
      const label = count === 1 ? kinds[kind] : `${groups[kind]} · ${countText(count, page)}`
      return { label, href, hint: page.text.referrers.referrersOfIt }
    })
}

function facts(data: ArtifactData, page: PageContext): Html {
  const { text, paths } = page
  const words = text.artifact.facts
  const { repository, digest, tags, tag, parents, subject, attachedTo, image, pulledAt } = data
  const toDigest = (other: typeof digest): Html =>
    html`<a href="${paths.artifact(repository, { kind: 'digest', digest: other })}"><code title="${other}">${shortDigest(other)}</code></a>`
  const aliases = tags.items.filter((other) => other !== tag).slice(0, 20)
  const others = tags.count - (tag === null ? 0 : 1) - aliases.length
  const links = aliases.map(
    (other, at) =>
      html`${at > 0 ? ', ' : null}<a href="${paths.artifact(repository, { kind: 'tag', tag: other })}">${other}</a>`,
  )
  const createdAt = image?.createdAt ?? null
  return factsRow([
    [words.digest, inlineCopy(shortDigest(digest), digest, page)],
    [words.size, data.contentSize === null ? null : size(data.contentSize, page)],
    [words.created, createdAt === null ? null : age(createdAt, page)],
    [words.pushed, data.pushedAt === null ? null : age(data.pushedAt, page)],
    [words.pushedBy, data.pushedBy && visible(data.pushedBy)],
    [words.pulled, pulledAt === null ? null : pulledView(pulledAt, page)],
    [
      words.aliases,
      links.length === 0
        ? null
        : html`<span class="plain">${links}${others > 0 ? ` ${text.artifact.more(countText(others, page))}` : null}</span>`,
    ],
    [words.partOf, parents.length === 0 ? null : parents.slice(0, 5).map(parent)],
    [words.about, subject?.digest ? toDigest(subject.digest) : null],
    [words.attachedTo, attachedTo === null ? null : toDigest(attachedTo)],
  ])

  function parent(
    { digest: other, tags: named }: ArtifactData['parents'][number],
    at: number,
  ): HtmlValue {
    const [first] = named.items
    const link =
      first === undefined
        ? toDigest(other)
        : html`<a href="${paths.artifact(repository, { kind: 'tag', tag: first })}">${first}</a>`
    return at > 0 ? html`, ${link}` : link
  }
}

function overview(data: ArtifactData, page: PageContext): Html {
  const words = page.text.artifact
  const { kind } = data
  const details: HtmlValue =
    kind === 'index'
      ? platformsView(data, page)
      : kind === 'image'
        ? [layersView(data, page), imageView(data, page)]
        : [chartView(data, page), filesView(data, page)]
  const hasDocuments = data.signature !== null || data.documents.length > 0
  return html`${unreadableView(data.unreadable, page)}
${pullView(data, page)}
${hasDocuments ? html`<section class="section"><h2>${words.kinds[kind]}</h2>${documentsView(data, page)}</section>` : null}
${details}
${data.annotations.count === 0 ? null : html`<section class="section"><h2>${words.annotations}</h2>${saidEntries(words.annotations, data.annotations, page)}</section>`}
<section class="section"><p class="muted small">${words.facts.mediaType} <code>${visible(data.mediaType)}</code> · ${words.facts.manifestSize} ${size(data.size, page)}</p></section>`
}
