import { apiVersion } from '../headers.ts'

/** end-1: GET /v2/ says that this is a registry. */
export function checkVersion(): Response {
  return new Response('{}', {
    status: 200,
    headers: { ...apiVersion, 'Content-Type': 'application/json', 'Content-Length': '2' },
  })
}
