// The bare server of Node, and of Deno: Layerdock too serves over `node:http` there.

import { Buffer } from 'node:buffer'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { BareContent } from './content.mjs'
import { bareOptions } from './options.mjs'

/** @import { IncomingMessage, ServerResponse } from 'node:http' */

const { port, dir, tls } = bareOptions()
const content = new BareContent(dir)

/**
 * @param {IncomingMessage} request
 * @param {ServerResponse} response
 */
function take(request, response) {
  const { method = '', url = '' } = request
  if (method === 'GET' || method === 'HEAD') {
    const { status, headers, body } = content.read(url)
    response.writeHead(status, headers)
    response.end(method === 'GET' ? body : null)
    return
  }
  /** @type {Buffer[]} */
  const pieces = []
  request.on('data', (piece) => pieces.push(piece))
  request.on('end', async () => {
    const type = request.headers['content-type'] ?? ''
    const body = pieces.length === 1 ? pieces[0] : undefined
    const answer = await content.write(method, url, type, body ?? Buffer.concat(pieces))
    response.writeHead(answer.status, answer.headers)
    response.end()
  })
}

const server = tls === null ? createServer(take) : createTlsServer(tls, take)
server.listen(port, '127.0.0.1')
process.on('SIGTERM', () => process.exit(0))
