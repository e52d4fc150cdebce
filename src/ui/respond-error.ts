import { envelope } from '../http/error-answer.ts'
import type { RegistryError } from '../oci/registry-error.ts'
import type { Assets } from './assets.ts'
import { errorView } from './error-view.ts'
import { viewHeaders } from './headers.ts'
import { respond, sendView } from './respond.ts'
import { shown, type Visit } from './visit.ts'

/** Sends an error: the registry's envelope as JSON, a page otherwise. */
export function respondError(error: RegistryError, visit: Visit, assets: Assets): Response {
  const { status, headers, body } = envelope(error)
  if (visit.form === 'json') {
    const all = { ...viewHeaders('application/json'), ...headers }
    return sendView(visit, body, status, all)
  }
  const { 'Content-Type': _, 'WWW-Authenticate': __, ...others } = headers
  const { errors } = visit.deps.text
  const facts = {
    status,
    kind: error.kind,
    advice: error.advice ?? errors.kinds[error.kind] ?? null,
    requestId: requestIdIn(error),
  }
  const title = errors.title(status)
  return respond(shown(title, facts, errorView, { status, headers: others }), visit, assets)
}

function requestIdIn(error: RegistryError): string | null {
  return error.headers['X-Request-Id'] ?? null
}
