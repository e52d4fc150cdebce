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
import { parseHeaders } from './parse-headers.ts'
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
  const secrets = secretsOf(fields.secret, findings, options)
  const headers = parseHeaders(fields.headers, findings, options)
  const timeoutMs = timeoutOf(fields.timeout, findings)
  const concurrency = countOf(fields.concurrency, findings)
  const allowPrivate = flagOf(fields.allowPrivate, findings)
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

function secretsOf(
  found: Found<unknown> | undefined,
  findings: Findings,
  { readSecret, secretsInText = true }: WebhooksReadingOptions,
): readonly Secret[] {
  if (found === undefined) return []
  const items = readOneOrMore(found, findings) ?? []
  if (items.length > 4) findings.problem(found.path, 'has more than 4 secrets')
  const rules = { mayBeText: secretsInText, most: 4096 }
  return items.slice(0, 4).flatMap((item) => {
    const secret = readSecretSource(item, findings, {
      ...rules,
      ...(readSecret === undefined ? {} : { readSecret }),
    })
    if (secret === null) return []
    if (secret.reveal().length < 16) {
      findings.problem(item.path, 'has less than 16 characters, so it can be guessed')
    } else if (!isUsable(secret)) {
      findings.problem(item.path, 'begins with whsec_, and what follows is not base64')
    }
    return [secret]
  })
}

/** A secret that begins with `whsec_` is bytes in base64. */
function isUsable(secret: Secret): boolean {
  const [, encoded] = /^whsec_(.*)$/.exec(secret.reveal()) ?? []
  return encoded === undefined || /^[A-Za-z0-9+/]+={0,2}$/.test(encoded)
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 }

function timeoutOf(found: Found<unknown> | undefined, findings: Findings): number {
  if (found === undefined) return 10_000
  const [, digits = '', unit = ''] =
    typeof found.value === 'string' ? (/^(\d+)(ms|s|m)$/.exec(found.value) ?? []) : []
  const ms = Number(digits) * (units[unit] ?? 0)
  if (ms >= 100 && ms <= 60_000) return ms
  findings.problem(
    found.path,
    `${quoted(found.value)} is not a time from 100ms to 60s, such as 10s`,
  )
  return 0
}

function countOf(found: Found<unknown> | undefined, findings: Findings): number {
  if (found === undefined) return 4
  const { value, path } = found
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 32)
    return value
  findings.problem(path, `${quoted(value)} is not a number from 1 to 32`)
  return 1
}

function flagOf(found: Found<unknown> | undefined, findings: Findings): boolean {
  if (found === undefined || found.value === false) return false
  if (found.value !== true) {
    findings.problem(found.path, `${quoted(found.value)} is neither true nor false`)
  }
  return true
}
