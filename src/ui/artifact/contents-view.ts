import { visible } from '../bounded.ts'
import { factsTable } from '../components/facts-list.ts'
import { notice } from '../components/notice.ts'
import { said, saidCode, saidEntries, saidList } from '../components/untrusted.ts'
import { shortDigest, size } from '../format.ts'
import { type Html, type HtmlValue, html } from '../html.ts'
import type { PageContext } from '../page.ts'
import { entryOf } from '../readers/manifest-details.ts'
import type { Entry, Listed } from '../readers/shapes.ts'
import type { ArtifactData } from './artifact-data.ts'
import { isEmpty } from './load-contents.ts'

/** Draws how an image is run. */
export function imageView({ image }: ArtifactData, page: PageContext): Html | null {
  if (image === null) return null
  const words = page.text.artifact.image
  const { platform, author, user, workingDirectory, stopSignal } = image
  const variables: Listed<Entry> = {
    ...image.environment,
    items: image.environment.items.map((text) => {
      const at = text.indexOf('=')
      return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
    }),
  }
  return html`<section class="section"><h2>${words.title}</h2>
${factsTable([
  [words.platform, platform && visible(platform.name)],
  [words.osVersion, platform?.osVersion === undefined ? null : visible(platform.osVersion)],
  [words.entrypoint, commandLine(image.entrypoint)],
  [words.command, commandLine(image.command)],
  [words.workingDirectory, workingDirectory && saidCode(workingDirectory)],
  [words.user, user && saidCode(user)],
  [words.ports, saidList(image.ports, saidCode, page)],
  [words.volumes, saidList(image.volumes, saidCode, page)],
  [words.stopSignal, stopSignal && saidCode(stopSignal)],
  [words.healthcheck, commandLine(image.healthcheck)],
  [words.author, author && said(author)],
])}
${folded(words.environment, variables, page)}
${folded(words.labels, image.labels, page)}
</section>`
}

/** Names and values under a heading; nothing where there are none. */
export function folded(title: string, list: Listed<Entry>, page: PageContext): Html | null {
  if (list.count === 0) return null
  return html`<h3>${title}</h3>${saidEntries(title, list, page)}`
}

/** Words of a command, as a Dockerfile writes them. */
function commandLine({ items, count }: Listed<string>): HtmlValue {
  if (count === 0) return null
  const rest = count > items.length ? ', …' : ''
  return saidCode(`[${items.map((word) => JSON.stringify(word)).join(', ')}${rest}]`)
}

/** Draws what a chart says of itself. */
export function chartView({ chart }: ArtifactData, page: PageContext): Html | null {
  if (chart === null) return null
  const words = page.text.artifact.chart
  const { dependencies } = chart
  return html`<section class="section"><h2>${words.title}</h2>
${chart.isDeprecated ? notice(words.deprecated, 'warn') : null}
${factsTable([
  [words.version, visible(chart.version)],
  [words.appVersion, chart.appVersion && visible(chart.appVersion)],
  [words.type, chart.type && visible(chart.type)],
  [words.kubeVersion, chart.kubeVersion && saidCode(chart.kubeVersion)],
  [words.home, chart.home && said(chart.home)],
  [words.sources, saidList(chart.sources, said, page)],
  [words.keywords, visible(chart.keywords.items.join(', '))],
  [
    words.maintainers,
    saidList(
      chart.maintainers,
      ({ name, email, url }) =>
        html`${visible(name)}${email === null ? null : ` <${visible(email)}>`}${url === null ? null : html` ${said(url)}`}`,
      page,
    ),
  ],
])}
${
  dependencies.count === 0
    ? null
    : html`<h3>${words.dependencies}</h3>
<table class="table stack"><caption class="away">${words.dependencies}</caption>
<thead><tr><th scope="col">${words.dependency}</th><th scope="col">${words.version}</th><th scope="col">${words.repository}</th></tr></thead>
<tbody>${dependencies.items.map(
        ({ name, version, repository }) =>
          html`<tr><th scope="row">${visible(name)}</th><td data-label="${words.version}">${visible(version ?? '–')}</td><td data-label="${words.repository}">${repository === null ? '–' : said(repository)}</td></tr>`,
      )}</tbody></table>`
}
${folded(page.text.artifact.annotations, chart.annotations, page)}
</section>`
}

/** Draws the files of an artifact. */
export function filesView({ layers, repository }: ArtifactData, page: PageContext): Html {
  const words = page.text.artifact.files
  const files = layers.items.filter(({ mediaType }) => !isEmpty(mediaType))
  const rows = files.map(({ annotations, digest, mediaType, size: bytes }) => {
    const title = entryOf(annotations, 'org.opencontainers.image.title')
    const name = title === null ? html`<code>${shortDigest(digest ?? '')}</code>` : visible(title)
    const linked =
      digest === null ? name : html`<a href="${page.paths.blob(repository, digest)}">${name}</a>`
    return html`<tr><th scope="row">${linked}</th><td data-label="${words.type}">${saidCode(mediaType)}</td><td data-label="${words.size}" class="number">${size(bytes, page)}</td></tr>`
  })
  return html`<section class="section"><h2>${words.title}</h2>
${
  files.length === 0
    ? html`<p class="muted">${words.none}</p>`
    : html`<table class="table stack"><caption class="away">${words.title}</caption>
<thead><tr><th scope="col">${words.name}</th><th scope="col">${words.type}</th><th scope="col" class="number">${words.size}</th></tr></thead>
<tbody>${rows}</tbody></table>`
}
</section>`
}
