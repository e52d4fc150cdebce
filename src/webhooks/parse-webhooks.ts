import {
  type Findings,
  noFindings,
  readFields,
  readList,
  readText,
} from '../access/policy/findings.ts'
import { parseJsonText } from '../access/policy/json-text.ts'
import type { PolicyFinding } from '../access/policy/read-policy.ts'
import type { Endpoint, WebhookSettings } from './endpoint.ts'
import { parseEndpoint } from './parse-endpoint.ts'
import type { SecretReader } from './read-secret.ts'

/** What came of reading webhooks. */
export interface WebhooksReading {
  /** Null where there is a problem. */
  readonly webhooks: WebhookSettings | null
  readonly problems: readonly PolicyFinding[]
  /** What may not be meant. */
  readonly warnings: readonly PolicyFinding[]
}

/** How webhooks are read. */
export interface WebhooksReadingOptions {
  /** The host of the registry where the document has none. */
  readonly registry?: string
  /** Reads files and variables. Default: they are a problem. */
  readonly readSecret?: SecretReader
  /** Whether `secret` and `Authorization` may stand in the document as text. Default: true. */
  readonly secretsInText?: boolean
}

const example =
  '{"registry": "registry.example.com", "endpoints": [{"name": "flux", "url": {"env": "FLUX_URL"}, "format": "harbor"}]}'

const mostEndpoints = 1000

/**
 * Reads webhooks strictly: an unknown word, key or pattern is a problem. No finding shows a secret.
 *
 * @param source the text of a JSON document of 1 MiB at most, or what was parsed of one; see `WebhooksDocument`
 *
 * @example
 * const { webhooks, problems } = parseWebhooks({
 *   registry: 'registry.example.com',
 *   endpoints: [{ name: 'deploy', url: 'https://deploy.example.com/hook', format: 'cloudevents' }],
 * })
 */
export function parseWebhooks(
  source: unknown,
  options: WebhooksReadingOptions = {},
): WebhooksReading {
  const findings = noFindings()
  const value = typeof source === 'string' ? parseJsonText(source, findings) : source
  const webhooks = findings.problems.length > 0 ? null : readDocument(value, findings, options)
  const { problems, warnings } = findings
  return { webhooks: problems.length === 0 ? webhooks : null, problems, warnings }
}

function readDocument(
  value: unknown,
  findings: Findings,
  options: WebhooksReadingOptions,
): WebhookSettings | null {
  const fields = readFields({ value, path: '' }, ['registry', 'endpoints'], findings, example)
  if (fields === null) return null
  if (fields.endpoints === undefined) findings.problem('', `has no "endpoints", such as ${example}`)
  const registry =
    fields.registry === undefined
      ? options.registry
      : (readText(fields.registry, findings, 255) ?? '')
  if (registry === undefined) {
    const why = 'receivers find their images by it; add "registry": "registry.example.com"'
    findings.problem('', `does not say which host clients name: ${why}`)
  } else if (registry !== '' && !isHost(registry)) {
    const path = fields.registry === undefined ? '' : 'registry'
    findings.problem(
      path,
      'has to be a host, with its port where it has one, such as registry.example.com',
    )
  }
  const items = readList(fields.endpoints, findings)
  if (items.length > mostEndpoints) {
    findings.problem('endpoints', `has ${items.length} endpoints, and may have ${mostEndpoints}`)
    return null
  }
  const endpoints = items.flatMap((item) => parseEndpoint(item, findings, options) ?? [])
  findDoubles(endpoints, findings)
  return { registry: registry ?? '', endpoints }
}

function findDoubles(endpoints: readonly Endpoint[], findings: Findings): void {
  const names: Set<string> = new Set()
  for (const { name } of endpoints) {
    if (names.has(name)) findings.problem('endpoints', `two have the name "${name}"`)
    names.add(name)
  }
}

/** Whether a text is the host of a URL and nothing else. */
function isHost(text: string): boolean {
  try {
    const { host, href } = new URL(`http://${text}`)
    return href === `http://${host}/` && (text === host || text === `${host}:80`)
  } catch {
    return false
  }
}
