// A registry in the memory of Cloudflare's runtime that tells what reached it, for requests.test.ts.
import { watchedRegistry } from '../runtimes/watched-registry.ts'

const fetch = watchedRegistry()

const worker: { fetch(request: Request): Response | Promise<Response> } = {
  fetch: (request) => fetch(request),
}
export default worker
