import { hostIn } from './host.ts'

/**
 * The answer to a person who opens the server's address in a browser: what it is, and how to push.
 * Plain text, so that nothing in it can be taken for markup. OPTIONS gets it too: HAProxy's health check is
 * `OPTIONS /` unless it is told another. Null for methods that read nothing.
 */
export function welcome({ method, headers }: Request): Response | null {
  if (method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS') return null
  const host = hostIn(headers) ?? 'HOST:PORT'
  const text = `This is Layerdock, a registry for container images and other OCI artifacts.

Push an image:

  docker tag alpine ${host}/alpine
  docker push ${host}/alpine

Pull it:

  docker pull ${host}/alpine

The registry's API is at /v2/, and the state of this server at /healthz.
`
  return new Response(method === 'HEAD' ? null : text, {
    headers: {
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Length': String(text.length),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
    },
  })
}
