import { visible } from '../bounded.ts'
import { meter } from '../components/meter.ts'
import { saidCode } from '../components/untrusted.ts'
import { countText, shortDigest, size } from '../format.ts'
import { type Html, html } from '../html.ts'
import type { PageContext } from '../page.ts'
import { layersOfHistory } from '../readers/image-config.ts'
import type { ContentDetails } from '../readers/manifest-details.ts'
import type { ArtifactData } from './artifact-data.ts'

/** Characters of a command that are shown at once. */
const longestCommand = 300

/** Draws the layers of an image, with the steps that made them where the history says so. */
export function layersView({ layers, image }: ArtifactData, page: PageContext): Html {
  const words = page.text.artifact.layers
  const { items, count } = layers
  const steps = image?.history.items ?? []
  const matches = layersOfHistory(steps, count)
  const isMatched = matches.some((at) => at !== null)
  const largest = Math.max(...items.map((layer) => layer.size), 1)
  const rows = isMatched
    ? steps.map(({ createdBy }, at) => row(command(createdBy), items[matches[at] ?? -1] ?? null))
    : items.map((layer) => row(saidCode(layer.mediaType), layer))
  return html`<section class="section"><h2>${words.title(count)}</h2>
<table class="table stack layers"><caption class="away">${words.title(count)}</caption>
<thead><tr><th scope="col">${isMatched ? words.step : words.layer}</th><th scope="col">${words.size}</th></tr></thead>
<tbody>${rows}</tbody></table>
${count > items.length ? html`<p class="muted">${page.text.artifact.more(countText(count - items.length, page))}</p>` : null}
${isMatched || steps.length === 0 ? null : history()}
</section>`

  function row(first: Html, layer: ContentDetails | null): Html {
    if (layer === null) {
      return html`<tr class="quiet"><td>${first}</td><td data-label="${words.size}"><span class="muted">${words.noLayer}</span></td></tr>`
    }
    const { digest, elsewhere } = layer
    return html`<tr><td>${first}</td>
<td data-label="${words.size}" class="sized"><div class="cell">${size(layer.size, page)}${meter(layer.size / largest)}
<span class="muted small">${digest === null ? '–' : html`<code title="${digest}">${shortDigest(digest)}</code>`}${elsewhere ? ` · ${words.elsewhere}` : null}</span></div></td></tr>`
  }

  function history(): Html {
    return html`<h3>${words.historyTitle}</h3><p class="muted">${words.notMatched}</p>
<ol class="steps">${steps.map(({ createdBy }) => html`<li>${command(createdBy)}</li>`)}</ol>`
  }
}

/** A command of a builder, without what builders put before each. */
export function command(createdBy: string): Html {
  const bare = createdBy
    .replace(/^\/bin\/sh -c #\(nop\)\s*/, '')
    .replace(/^\/bin\/sh -c\s+/, 'RUN ')
    .replace(/ # buildkit$/, '')
    .trim()
  const text = visible(bare === '' ? '–' : bare)
  if (text.length <= longestCommand) return html`<code class="command">${text}</code>`
  return html`<details class="command"><summary><code>${text.slice(0, longestCommand)}…</code></summary><code>${text}</code></details>`
}
