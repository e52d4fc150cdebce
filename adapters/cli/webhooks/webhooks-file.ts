import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import {
  parseWebhooks,
  Secret,
  type SecretReader,
  type WebhookSettings,
} from '../../../src/webhooks/index.ts'
import { CliError, exitCodes } from '../exit.ts'
import { plain } from '../plain-text.ts'
import { readPolicyText } from '../policy-text.ts'
import type { Settings } from '../settings.ts'

/** A file of webhooks that was read. */
export interface WebhooksFile {
  readonly webhooks: WebhookSettings
  /** A sentence each. */
  readonly warnings: readonly string[]
  /** The file itself and the files of its secrets: what is watched. */
  readonly files: readonly string[]
  /** All that was read, secrets included: whether another reading found something else. */
  readonly content: Secret
}

const mostBytes = 1024 * 1024

/**
 * Reads a file of webhooks, and the secrets that it names. Their paths are meant from its folder.
 *
 * @throws CliError with every problem, and without any secret
 */
export function readWebhooksFile(
  file: string,
  { publicUrl }: Pick<Settings, 'publicUrl'>,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): WebhooksFile {
  const files = [file]
  const texts = [readPolicyText(file, { regular: true })]
  const readSecret: SecretReader = (source) => {
    if ('env' in source) {
      const text = environment[source.env]
      return text === undefined ? { problem: 'is not set in the environment' } : { text }
    }
    const path = resolve(dirname(file), source.file)
    files.push(path)
    const read = readSecretFile(path)
    if ('text' in read) texts.push(read.text)
    return read
  }
  const registry = publicUrl === null ? {} : { registry: new URL(publicUrl).host }
  const { webhooks, problems, warnings } = parseWebhooks(texts[0], {
    ...registry,
    readSecret,
    secretsInText: false,
  })
  const told = (findings: typeof problems): readonly string[] =>
    findings.map(({ path, message }) =>
      plain(path === '' ? `${file}: ${message}` : `${file}: ${path}: ${message}`, 1000),
    )
  if (webhooks === null) throw new CliError(exitCodes.config, told(problems))
  return { webhooks, warnings: told(warnings), files, content: new Secret(JSON.stringify(texts)) }
}

function readSecretFile(path: string): ReturnType<SecretReader> {
  try {
    const found = statSync(path)
    if (!found.isFile()) return { problem: 'is not a file' }
    if (process.platform !== 'win32' && (found.mode & 0o002) !== 0) {
      return { problem: 'may be changed by anyone on this machine; run chmod o-w' }
    }
    if (found.size > mostBytes) return { problem: 'has more than 1 MiB' }
    const bytes = readFileSync(path)
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch (error) {
    const code = (error as { readonly code?: unknown } | null)?.code
    if (code === 'ENOENT' || code === 'ENOTDIR') return { problem: 'there is no such file' }
    if (code === 'EACCES' || code === 'EPERM') return { problem: 'may not be read by this user' }
    return { problem: error instanceof TypeError ? 'is not text in UTF-8' : 'could not be read' }
  }
}
