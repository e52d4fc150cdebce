// A registry in a Next.js app: this file is its app/v2/[[...path]]/route.ts. Its next.config needs
// `skipTrailingSlashRedirect: true`, because clients push to paths that end with a slash.
import { createRegistry } from 'layerdock'

const registry = createRegistry()

type Handler = (request: Request) => Response | Promise<Response>
export const GET: Handler = (request) => registry.fetch(request)
export const HEAD: Handler = GET
export const POST: Handler = GET
export const PUT: Handler = GET
export const PATCH: Handler = GET
export const DELETE: Handler = GET
