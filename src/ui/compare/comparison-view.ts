import type { RepositoryName } from '../../oci/repository-name.ts'
import { command } from '../artifact/layers-view.ts'
import { visible } from '../bounded.ts'
import { breadcrumb, crumbsTo } from '../components/breadcrumb.ts'
import { factsRow } from '../components/facts-list.ts'
import { meter } from '../components/meter.ts'
import { notice } from '../components/notice.ts'
import { saidCode } from '../components/untrusted.ts'
import { age, countText, shortDigest, size, sizeText } from '../format.ts'
import { type Html, html } from '../html.ts'
import type { PageContext } from '../page.ts'
import type { ContentDetails } from '../readers/manifest-details.ts'
import { unreadableView } from '../referrers/documents-view.ts'
import { choiceForm } from './choice-form.ts'
import type { ComparedSide, ComparisonData, Differences } from './comparison-data.ts'
import type { Change, ContentDifference, HistoryDifference } from './differences.ts'

/** Draws what differs between two tags or digests. */
export function comparisonView(data: ComparisonData, page: PageContext): Html {
  const { repository, from, to, differences } = data
  const words = page.text.compare
  return html`${breadcrumb(crumbsTo(repository, page), page)}
<h1>${words.title}</h1>
${choiceForm(data, page)}
${data.platform !== null && data.platforms.length === 1 ? html`<p class="muted small">${words.platform}: ${visible(data.platform)}</p>` : null}
${from === null || to === null ? html`<p class="muted">${words.choose}</p>` : differences === null ? notice(data.platform === null ? words.noPlatform : words.missing) : differencesView(repository, from, to, differences, page)}`
}

function differencesView(
  repository: RepositoryName,
  from: ComparedSide,
  to: ComparedSide,
  { isSame, content, annotations, image, files, unreadable }: Differences,
  page: PageContext,
): Html {
  const words = page.text.compare
  const [ours, theirs] = [nameOf(from), nameOf(to)]
  const table = (title: string, changes: readonly Change[] | undefined, keys = {}): Html | null =>
    changes === undefined ? null : changesView(title, changes, [ours, theirs], keys, page)
  return html`${isSame ? notice(words.same, 'good') : null}${unreadableView(unreadable, page)}
<p class="lead">${words.fetch(ours, sizeText(content.addedBytes), theirs)}</p>
${factsRow([
  [ours, sideView(from)],
  [theirs, sideView(to)],
  [words.difference, differenceText(to.contentSize - from.contentSize)],
  [words.shared, size(content.sharedBytes, page)],
])}
${contentView(content, page)}
${table(words.files, files ?? undefined)}
${table(words.config, image?.config, words.keys)}
${table(words.environment, image?.environment)}
${table(words.labels, image?.labels)}
${table(words.annotations, annotations)}
${image === null ? null : historyView(image.history, page)}`

  function sideView({ tag, digest, contentSize, createdAt }: ComparedSide): Html {
    const reference =
      tag === null ? { kind: 'digest' as const, digest } : { kind: 'tag' as const, tag }
    return html`${size(contentSize, page)}<span class="plain"> · ${createdAt === null ? null : html`${age(createdAt, page)} · `}<a href="${page.paths.artifact(repository, reference)}"><code title="${digest}">${shortDigest(digest)}</code></a></span>`
  }
}

/** With its sign: `+991 kB`. */
function differenceText(bytes: number): string {
  if (bytes === 0) return sizeText(0)
  return `${bytes > 0 ? '+' : '−'}${sizeText(Math.abs(bytes))}`
}

function nameOf({ tag, digest }: ComparedSide): string {
  return tag ?? shortDigest(digest)
}

function contentView({ shared, removed, added }: ContentDifference, page: PageContext): Html {
  const words = page.text.compare
  const all = [...shared, ...removed, ...added]
  const largest = Math.max(...all.map((one) => one.size), 1)
  const rows = (list: readonly ContentDetails[], state: string, tone: string) =>
    list.map(
      ({ digest, mediaType, size: bytes }) =>
        html`<tr class="${tone}"><th scope="row">${state}</th><td data-label="${words.digest}"><div class="cell"><code title="${digest}">${shortDigest(digest ?? '')}</code> <span class="muted small">${visible(mediaType)}</span></div></td><td data-label="${words.size}" class="sized"><div class="cell">${size(bytes, page)}${meter(bytes / largest)}</div></td></tr>`,
    )
  return html`<section class="section"><h2>${words.layers}</h2>
<table class="table stack states"><caption class="away">${words.layers}</caption>
<thead><tr><th scope="col">${words.state}</th><th scope="col">${words.digest}</th><th scope="col">${words.size}</th></tr></thead>
<tbody>${rows(removed, words.removedLayer, 'removed')}${rows(added, words.addedLayer, 'added')}${rows(shared, words.sharedLayer, 'quiet')}</tbody></table></section>`
}

function changesView(
  title: string,
  changes: readonly Change[],
  [ours, theirs]: readonly [string, string],
  keys: Readonly<Record<string, string>>,
  page: PageContext,
): Html | null {
  if (changes.length === 0) return null
  const words = page.text.compare
  const value = (text: string | null): Html =>
    text === null ? html`<span class="muted">${words.absent}</span>` : saidCode(text)
  return html`<section class="section"><h2>${title}</h2>
<table class="table stack changes"><caption class="away">${title}</caption>
<thead><tr><th scope="col">${words.name}</th><th scope="col">${ours}</th><th scope="col">${theirs}</th></tr></thead>
<tbody>${changes.map(
    ({ key, from, to }) =>
      html`<tr><th scope="row">${Object.hasOwn(keys, key) ? keys[key] : saidCode(key)}</th><td data-label="${ours}">${value(from)}</td><td data-label="${theirs}">${value(to)}</td></tr>`,
  )}</tbody></table></section>`
}

function historyView({ same, removed, added }: HistoryDifference, page: PageContext): Html | null {
  if (removed.length === 0 && added.length === 0) return null
  const words = page.text.compare
  return html`<section class="section"><h2>${words.history}</h2>
<p class="muted">${words.sameSteps(countText(same, page))}</p>
<ul class="steps">${removed.map(({ createdBy }) => html`<li class="removed"><del>${command(createdBy)}</del></li>`)}${added.map(({ createdBy }) => html`<li class="added"><ins>${command(createdBy)}</ins></li>`)}</ul></section>`
}
