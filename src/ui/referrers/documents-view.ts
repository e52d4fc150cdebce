import type { DocumentContents, ReadDocument, UnreadContent } from '../artifact/contents.ts'
import { visible } from '../bounded.ts'
import { factsTable } from '../components/facts-list.ts'
import { notice } from '../components/notice.ts'
import { said, saidCode, saidList } from '../components/untrusted.ts'
import { age, countText } from '../format.ts'
import { type Html, html } from '../html.ts'
import type { PageContext } from '../page.ts'
import type { SbomSummary } from '../readers/sbom.ts'
import type { SignatureFacts } from '../readers/signature.ts'
import type { Provenance } from '../readers/statement.ts'

/** Draws what signatures, SBOMs and attestations say. */
export function documentsView(
  { signature, documents }: Omit<DocumentContents, 'unreadable'>,
  page: PageContext,
): Html {
  return html`${signature === null ? null : signatureView(signature, page)}${documents.map((one) => documentView(one, page))}`
}

/** Says what could not be read. */
export function unreadableView(list: readonly UnreadContent[], page: PageContext): Html | null {
  if (list.length === 0) return null
  const { parts, unreadable } = page.text.artifact
  return notice(
    html`<ul>${list.map(
      ({ what, digest, why }) =>
        html`<li>${parts[what]} ${digest === null ? null : html`<code>${digest}</code> `}${unreadable[why]}.</li>`,
    )}</ul>`,
    'warn',
  )
}

function signatureView(facts: SignatureFacts, page: PageContext): Html {
  const words = page.text.referrers.signature
  return html`${factsTable([
    [words.format, facts.format],
    [words.signs, facts.signs && saidCode(facts.signs)],
    [words.name, facts.reference && saidCode(facts.reference)],
    [words.signedAt, facts.signedAt === null ? null : age(facts.signedAt, page)],
    [words.certificate, facts.hasCertificate ? words.withCertificate : words.withoutCertificate],
    [words.log, facts.isLogged ? words.logged : words.notLogged],
  ])}
<p class="muted small">${page.text.referrers.notVerified}</p>`
}

function documentView(document: ReadDocument, page: PageContext): Html {
  const { predicateType, subjects, sbom, provenance } = document
  const words = page.text.referrers.statement
  if (sbom !== null) return sbomView(sbom, page)
  return html`${factsTable([
    [words.predicate, predicateType && saidCode(predicateType)],
    [words.subject, saidList(subjects, saidCode, page)],
    ...(provenance === null ? [] : provenanceFacts(provenance, page)),
  ])}`
}

function provenanceFacts(facts: Provenance, page: PageContext) {
  const words = page.text.referrers.provenance
  const { startedAt, finishedAt } = facts
  return [
    [words.builder, facts.builder && said(facts.builder)],
    [words.buildType, facts.buildType && said(facts.buildType)],
    [words.source, facts.source && said(facts.source)],
    [words.started, startedAt === null ? null : age(startedAt, page)],
    [words.finished, finishedAt === null ? null : age(finishedAt, page)],
    [words.materials, facts.materials === 0 ? null : countText(facts.materials, page)],
  ] as const
}

function sbomView(facts: SbomSummary, page: PageContext): Html {
  const words = page.text.referrers.sbom
  const { packages, licences, withoutLicence, files, createdAt, tools, version } = facts
  const counts = [
    words.packages(countText(packages.count, page)),
    words.licences(countText(licences.count, page)),
    ...(withoutLicence === 0 ? [] : [words.withoutLicence(countText(withoutLicence, page))]),
  ]
  return html`<p><strong>${facts.format}${version === null ? null : ` ${visible(version)}`}</strong> · ${counts.join(' · ')}</p>
${factsTable([
  [words.about, facts.name && visible(facts.name)],
  [words.tool, visible(tools.join(', '))],
  [words.made, createdAt === null ? null : age(createdAt, page)],
  [words.files, files === null ? null : countText(files, page)],
])}
${
  licences.count === 0
    ? null
    : html`<details><summary>${words.licences(countText(licences.count, page))}</summary>
<table class="table"><thead><tr><th scope="col">${words.licence}</th><th scope="col" class="number">${words.count}</th></tr></thead>
<tbody>${licences.items.map(({ licence, packages: of }) => html`<tr><th scope="row">${visible(licence)}</th><td class="number">${countText(of, page)}</td></tr>`)}</tbody></table>${rest(licences.items.length, licences.count)}</details>`
}
${
  packages.items.length === 0
    ? null
    : html`<details><summary>${words.packages(countText(packages.count, page))}</summary>
<table class="table stack"><thead><tr><th scope="col">${words.package}</th><th scope="col">${words.version}</th><th scope="col">${words.licence}</th></tr></thead>
<tbody>${packages.items.map(({ name, version: of, licence }) => html`<tr><th scope="row">${visible(name)}</th><td data-label="${words.version}">${visible(of ?? '–')}</td><td data-label="${words.licence}">${visible(licence ?? '–')}</td></tr>`)}</tbody></table>${rest(packages.items.length, packages.count)}</details>`
}`

  function rest(shown: number, count: number): Html | null {
    if (count <= shown) return null
    return html`<p class="muted">${page.text.artifact.more(countText(count - shown, page))}</p>`
  }
}
