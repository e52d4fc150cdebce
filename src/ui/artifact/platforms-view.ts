import { visible } from '../bounded.ts'
import { meter } from '../components/meter.ts'
import { saidCode } from '../components/untrusted.ts'
import { countText, shortDigest, size } from '../format.ts'
import { type Html, type HtmlValue, html } from '../html.ts'
import type { PageContext } from '../page.ts'
import type { ArtifactData, PlatformFacts } from './artifact-data.ts'

/** Draws what an index names: platforms, and statements about them. */
export function platformsView(data: ArtifactData, page: PageContext): Html | null {
  const { platforms, repository } = data
  if (platforms === null) return null
  const words = page.text.artifact.platforms
  const { items, count } = platforms
  const largest = Math.max(...items.map(({ contentSize }) => contentSize ?? 0), 1)
  const names = new Map(items.map(({ digest, platform }) => [digest, platform?.name]))
  const rows = items.map((item) => {
    const bytes = item.contentSize ?? null
    return html`<tr${item.isPresent === false ? html` class="gone"` : null}>
<th scope="row">${label(item, names, page)}</th>
<td data-label="${words.digest}">${link(item)}</td>
<td data-label="${words.size}" class="sized"><div class="cell">${item.isPresent === false ? html`<span class="muted">${words.missing}</span>` : html`${bytes === null ? size(null, page) : html`${size(bytes, page)}${meter(bytes / largest)}`}`}</div></td></tr>`
  })
  const missing = count - items.length
  return html`<section class="section"><h2>${words.title}</h2>
${
  count === 0
    ? html`<p class="muted">${words.none}</p>`
    : html`<table class="table stack"><caption class="away">${words.title}</caption>
<thead><tr><th scope="col">${words.platform}</th><th scope="col">${words.digest}</th><th scope="col">${words.size}</th></tr></thead>
<tbody>${rows}</tbody></table>`
}
${missing > 0 ? html`<p class="muted">${page.text.artifact.more(countText(missing, page))}</p>` : null}
</section>`

  function link({ digest, isPresent }: PlatformFacts): HtmlValue {
    if (digest === null) return '–'
    const short = html`<code title="${digest}">${shortDigest(digest)}</code>`
    if (isPresent === false) return short
    return html`<a href="${page.paths.artifact(repository, { kind: 'digest', digest })}">${short}</a>`
  }
}

/** What a row is: a platform, a statement about one, or something else that an index may name. */
function label(
  { platform, attests, artifactType, mediaType }: PlatformFacts,
  names: ReadonlyMap<string | null, string | undefined>,
  { text }: PageContext,
): HtmlValue {
  const words = text.artifact.platforms
  if (attests !== null) {
    const about = names.get(attests)
    return about === undefined ? words.attestation : words.attestationOf(visible(about))
  }
  if (platform === null) return html`${words.unknown} ${saidCode(artifactType ?? mediaType)}`
  const version = platform.osVersion
  return html`${visible(platform.name)}${version === undefined ? null : html` <span class="muted">${visible(version)}</span>`}`
}
