import {
  type Findings,
  type Found,
  quoted,
  readFields,
  readOneOrMore,
  readText,
} from '../access/policy/findings.ts'
import { didYouMean } from '../access/policy/nearest-word.ts'
import { parseFixedRepositories, parseTags } from '../access/policy/parse-patterns.ts'
import { repositoryMatcher } from '../access/policy/repository-pattern.ts'
import type { FormatName } from './document.ts'
import type { Endpoint } from './endpoint.ts'
import { type EventKind, eventGroups, eventKinds, kindsOf } from './event-names.ts'
import { formats } from './formats/formats.ts'
import { literalAddress, refusalOfAddress } from './ip-address.ts'
import { parseConcurrency, parseFlag, parseTimeout } from './parse-delivery.ts'
import { parseHeaders } from './parse-headers.ts'
import { parseSecrets } from './parse-secrets.ts'
import { parseUrl } from './parse-url.ts'
import type { WebhooksReadingOptions } from './parse-webhooks.ts'
import { readSecretSource } from './read-secret.ts'
import type { Secret } from './secret.ts'

const endpointFields = [
  'name',
  'url',
  'format',
  'repositories',
  'exceptRepositories',
  'events',
  'tags',
  'secret',
  'headers',
  'timeout',
  'concurrency',
  'allowPrivate',
  'ca',
] as const

type Fields = Partial<Readonly<Record<(typeof endpointFields)[number], Found<unknown>>>>

const example =
  '{"name": "deploy", "url": "https://deploy.example.com/hook", "format": "cloudevents"}'

const formatNames = Object.keys(formats) as readonly FormatName[]

/** Reads an endpoint; null, and problems, where it cannot be read. */
export function parseEndpoint(
  found: Found<unknown>,
  findings: Findings,
  options: WebhooksReadingOptions,
): Endpoint | null {
  const before = findings.problems.length
  const { path } = found
  const fields = readFields(found, endpointFields, findings, example)
  if (fields === null) return null
  for (const key of ['name', 'url', 'format'] as const) {
    if (fields[key] === undefined) findings.problem(path, `has no "${key}": ${example}`)
  }
  const reader = options.readSecret === undefined ? {} : { readSecret: options.readSecret }
  const name = fields.name && nameOf(fields.name, findings)
  const url =
    fields.url && readSecretSource(fields.url, findings, { ...reader, mayBeText: true, most: 2048 })
  const place = fields.url && url ? parseUrl(url, fields.url.path, findings) : null
  const format = fields.format && formatOf(fields.format, findings)
  const events = eventsOf(fields, format ?? null, findings)
  const isAbout = repositoriesOf(fields, findings)
  const tags = fields.tags && parseTags(fields.tags, findings)
  const secrets = parseSecrets(fields.secret, findings, options)
  const headers = parseHeaders(fields.headers, findings, options)
  const timeoutMs = parseTimeout(fields.timeout, findings)
  const concurrency = parseConcurrency(fields.concurrency, findings)
  const allowPrivate = parseFlag(fields.allowPrivate, findings)
  const ca =
    fields.ca &&
    readSecretSource(fields.ca, findings, {
      ...reader,
      mayBeText: true,
      most: 1024 * 1024,
      manyLines: true,
    })
  if (ca && !ca.reveal().includes('-----BEGIN CERTIFICATE-----')) {
    findings.problem(`${path}.ca`, 'holds no certificate (PEM)')
  }
  if (fields.url && url && place !== null)
    expectReachable(url, fields.url.path, allowPrivate, findings)
  if (findings.problems.length > before || !name || !url || !format || place === null) return null
  if (place.startsWith('http://') && secrets.length + headers.size > 0 && !allowPrivate) {
    findings.warning(`${path}.url`, 'is not encrypted, so anyone on the way reads the credentials')
  }
  return {
    name,
    url,
    origin: place,
    format,
    isAbout,
    events,
    tags: tags ?? null,
    secrets,
    headers,
    timeoutMs,
    concurrency,
    allowPrivate,
    ca: ca ?? null,
  }
}

/** An address that no request would go to is told of before the first one fails. A name may lead anywhere. */
function expectReachable(
  url: Secret,
  path: string,
  allowPrivate: boolean,
  findings: Findings,
): void {
  const address = literalAddress(url.reveal())
  const refusal = address === null ? null : refusalOfAddress(address, allowPrivate)
  if (refusal !== null) findings.problem(path, refusal)
}

function nameOf(found: Found<unknown>, findings: Findings): string | null {
  const name = readText(found, findings, 64)
  if (name === null || /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/.test(name)) return name
  const words = 'lower-case letters, digits, "-", "_" and ".", such as flux-prod'
  findings.problem(found.path, `${quoted(name)} is not made of ${words}`)
  return null
}

function formatOf(found: Found<unknown>, findings: Findings): FormatName | null {
  const text = readText(found, findings, 64)
  if (text === null) return null
  const name = formatNames.find((each) => each === text)
  if (name !== undefined) return name
  const hint = didYouMean(text, formatNames) || `; there are ${formatNames.join(', ')}`
  findings.problem(found.path, `${quoted(text)} is not a format${hint}`)
  return null
}

function eventsOf(
  { events: found }: Fields,
  format: FormatName | null,
  findings: Findings,
): ReadonlySet<EventKind> {
  if (found === undefined) return new Set(eventGroups.push)
  const kinds: Set<EventKind> = new Set()
  for (const item of readOneOrMore(found, findings) ?? []) {
    const text = readText(item, findings, 64)
    if (text === null) continue
    const named = kindsOf(text)
    if (named === null) {
      const names = [...Object.keys(eventGroups), ...eventKinds]
      const hint = didYouMean(text, names) || `; there are ${names.join(', ')}`
      findings.problem(item.path, `${quoted(text)} is not an event${hint}`)
      continue
    }
    const known = format === null ? named : named.filter((kind) => formats[format].tells.has(kind))
    if (known.length === 0) {
      findings.problem(item.path, `${quoted(text)}: the format "${format}" has no word for it`)
    }
    for (const kind of known) kinds.add(kind)
  }
  return kinds
}

function repositoriesOf(fields: Fields, findings: Findings): (repository: string) => boolean {
  const matchers = (found: Found<unknown> | undefined): readonly ((name: string) => boolean)[] =>
    found === undefined
      ? []
      : parseFixedRepositories(found, findings).map(({ text }) => repositoryMatcher(text))
  const some = fields.repositories === undefined ? [() => true] : matchers(fields.repositories)
  const others = matchers(fields.exceptRepositories)
  return (name) => some.some((matches) => matches(name)) && !others.some((matches) => matches(name))
}
