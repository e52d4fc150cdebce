import {
  type Findings,
  type Found,
  quoted,
  readFields,
  readText,
} from '../access/policy/findings.ts'
import { Secret } from './secret.ts'

/** Reads a file or a variable: its text, or what is wrong with it. */
export type SecretReader = (
  source: { readonly file: string } | { readonly env: string },
) => { readonly text: string } | { readonly problem: string }

/** How a text that may be a secret is read. */
export interface SecretRules {
  readonly readSecret?: SecretReader
  /** Whether the document itself may hold it. */
  readonly mayBeText: boolean
  /** Characters. */
  readonly most: number
  /** Whether it may have several lines. */
  readonly manyLines?: boolean
}

const example = '{"file": "/run/secrets/token"} or {"env": "TOKEN"}'

/** Reads a text that may be a secret; null, and a problem that does not show it, where it cannot be read. */
export function readSecretSource(
  found: Found<unknown>,
  findings: Findings,
  rules: SecretRules,
): Secret | null {
  const text = textOf(found, findings, rules)
  if (text === null) return null
  const { path } = found
  if (text === '') findings.problem(path, 'is empty')
  else if (text.length > rules.most) {
    findings.problem(path, `has more than ${rules.most} characters`)
  } else if (rules.manyLines !== true && /[^\t\u0020-\u007e\u00a1-\uffff]/.test(text)) {
    findings.problem(path, 'has a line break or a control character within')
  } else return new Secret(text)
  return null
}

function textOf(
  { value, path }: Found<unknown>,
  findings: Findings,
  { readSecret, mayBeText }: SecretRules,
): string | null {
  if (typeof value === 'string') {
    if (mayBeText) return value
    findings.problem(path, `is a secret, which does not belong in this file: write ${example}`)
    return null
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    findings.problem(path, `${quoted(value)} is neither a text nor ${example}`)
    return null
  }
  const fields = readFields({ value, path }, ['file', 'env'], findings, example)
  if (fields === null) return null
  const { file, env } = fields
  const given = file ?? env
  if (given === undefined || (file !== undefined && env !== undefined)) {
    findings.problem(path, `has either "file" or "env": ${example}`)
    return null
  }
  const name = readText(given, findings, 4096)
  if (name === null) return null
  if (readSecret === undefined) {
    findings.problem(given.path, 'is read by layerdock serve alone: give the text itself')
    return null
  }
  const read = readSecret(file === undefined ? { env: name } : { file: name })
  if ('text' in read) return read.text.replace(/\r?\n$/, '')
  findings.problem(given.path, read.problem)
  return null
}
