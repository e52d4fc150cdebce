// The bare server of Bun.

import { Buffer } from 'node:buffer'
import { BareContent } from './content.mjs'
import { bareOptions } from './options.mjs'

const { Bun } = /** @type {any} */ (globalThis)
const { port, dir, tls } = bareOptions()
const content = new BareContent(dir)

/**
 * @param {Request} request
 * @returns {Response | Promise<Response>}
 */
function take(request) {
  const { method, url } = request
  const path = url.slice(url.indexOf('/', 'https://'.length))
  if (method !== 'GET' && method !== 'HEAD') return write(request, path)
  const { status, headers, body } = content.read(path)
  return new Response(method === 'GET' ? /** @type {any} */ (body) : null, { status, headers })
}

/**
 * @param {Request} request
 * @param {string} path
 */
async function write(request, path) {
  const type = request.headers.get('content-type') ?? ''
  const body = Buffer.from(await request.arrayBuffer())
  const { status, headers } = await content.write(request.method, path, type, body)
  return new Response(null, { status, headers })
}

Bun.serve({ port, hostname: '127.0.0.1', ...(tls === null ? {} : { tls }), fetch: take })
