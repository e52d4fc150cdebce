import type { Findings } from '../access/policy/findings.ts'
import type { Secret } from './secret.ts'

/** The scheme and host of an endpoint's URL; null, and a problem that does not show it, where it cannot be one. */
export function parseUrl(url: Secret, path: string, findings: Findings): string | null {
  let parsed: URL
  try {
    parsed = new URL(url.reveal())
  } catch {
    findings.problem(path, 'is not a URL such as https://deploy.example.com/hook')
    return null
  }
  const { protocol, username, password, origin, hash } = parsed
  if (protocol !== 'https:' && protocol !== 'http:') {
    findings.problem(path, 'begins with neither https:// nor http://')
  } else if (username !== '' || password !== '') {
    findings.problem(path, 'has credentials, which belong in "headers"')
  } else if (hash !== '') findings.problem(path, 'has a part behind #, which is never sent')
  else return origin
  return null
}
