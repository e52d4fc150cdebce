import { type Findings, type Found, readObject } from '../access/policy/findings.ts'
import type { WebhooksReadingOptions } from './parse-webhooks.ts'
import { readSecretSource } from './read-secret.ts'
import type { Secret } from './secret.ts'

const mostHeaders = 20

/** Names that a request has anyway, or that would change where it ends. */
const reserved: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'webhook-id',
  'webhook-signature',
  'webhook-timestamp',
  'x-signature',
])

/** Names of headers whose values are secrets. */
const secretNames = /authorization|cookie|token|secret|password|api-?key/

/** Reads the headers of an endpoint. Those with a problem are left out, and the problem is noted. */
export function parseHeaders(
  found: Found<unknown> | undefined,
  findings: Findings,
  { readSecret, secretsInText = true }: WebhooksReadingOptions,
): ReadonlyMap<string, Secret> {
  const headers: Map<string, Secret> = new Map()
  if (found === undefined) return headers
  const entries = readObject(found, findings, '{"Authorization": {"env": "TOKEN"}}')
  if (entries === null) return headers
  if (entries.size > mostHeaders) {
    findings.problem(found.path, `has ${entries.size} headers, and may have ${mostHeaders}`)
    return headers
  }
  const taken: Set<string> = new Set()
  for (const [name, entry] of entries) {
    const lower = name.toLowerCase()
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/.test(name)) {
      findings.problem(entry.path, 'is not the name of a header')
    } else if (reserved.has(lower)) {
      findings.problem(entry.path, 'is a header that each request has, and is not set here')
    } else if (taken.has(lower)) findings.problem(entry.path, 'stands twice')
    taken.add(lower)
    const value = readSecretSource(entry, findings, {
      ...(readSecret === undefined ? {} : { readSecret }),
      mayBeText: secretsInText || !secretNames.test(lower),
      most: 8192,
    })
    if (value === null) continue
    if (/[^\t\u0020-\u007e]/.test(value.reveal())) {
      findings.problem(entry.path, 'has characters that a header cannot have')
    }
    headers.set(name, value)
  }
  return headers
}
