import { type Findings, type Found, readOneOrMore } from '../access/policy/findings.ts'
import type { WebhooksReadingOptions } from './parse-webhooks.ts'
import { readSecretSource } from './read-secret.ts'
import type { Secret } from './secret.ts'

/** Reads the secrets that requests are signed with: one or more, as text or in files. */
export function parseSecrets(
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
