import type { Call } from '../call.ts'
import { apiVersion } from '../headers.ts'

/** end-1: GET /v2/ says that this is a registry, as does OPTIONS, which HAProxy sends by default. */
export function checkVersion(call: Call): Response {
  return new Response(call.head ? null : '{}', {
    status: 200,
    headers: { 'Content-Type': 'application/json', 'Content-Length': '2', ...apiVersion },
  })
}
