// Counts the calls that a bucket gets: an HTTP proxy in front of it, which changes nothing.

import { Agent, createServer, request } from 'node:http'

/** @import { AddressInfo } from 'node:net' */

/**
 * @typedef {object} CountingProxy
 * @property {string} endpoint
 * @property {() => Record<string, number>} calls that came so far, by kind
 * @property {() => void} close
 */

/**
 * Starts a proxy in front of an S3 endpoint, which counts what goes through it. The `Host` stays as the client
 * sent it, because it is signed.
 * @param {string} endpoint
 * @returns {Promise<CountingProxy>}
 */
export async function countCalls(endpoint) {
  const { hostname, port } = new URL(endpoint)
  const agent = new Agent({ keepAlive: true })
  /** @type {Record<string, number>} */
  const counts = {}
  const server = createServer((incoming, outgoing) => {
    const { method = '', url = '', rawHeaders } = incoming
    const kind = kindOfCall(method, url, incoming.headers)
    counts[kind] = (counts[kind] ?? 0) + 1
    const forward = request(
      { hostname, port, method, path: url, headers: withoutExpect(rawHeaders), agent },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
        answer.pipe(outgoing)
      },
    )
    forward.on('error', () => outgoing.destroy())
    outgoing.on('close', () => forward.destroy())
    incoming.pipe(forward)
  })
  await /** @type {Promise<void>} */ (
    new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  )
  return {
    endpoint: `http://127.0.0.1:${/** @type {AddressInfo} */ (server.address()).port}`,
    calls: () => ({ ...counts }),
    close() {
      server.close()
      server.closeAllConnections()
      agent.destroy()
    },
  }
}

/**
 * What a call is, in the words of S3's documentation.
 * @param {string} method
 * @param {string} url path and query
 * @param {Readonly<Record<string, unknown>>} headers their names in small letters
 * @returns {string}
 */
export function kindOfCall(method, url, headers) {
  const query = new URL(url, 'http://bucket').searchParams
  const isCopy = headers['x-amz-copy-source'] !== undefined
  if (method === 'HEAD') return 'HeadObject'
  if (method === 'DELETE') return query.has('uploadId') ? 'AbortMultipartUpload' : 'DeleteObject'
  if (method === 'PUT') {
    if (query.has('partNumber')) return isCopy ? 'UploadPartCopy' : 'UploadPart'
    return isCopy ? 'CopyObject' : 'PutObject'
  }
  if (method === 'POST') {
    if (query.has('uploads')) return 'CreateMultipartUpload'
    if (query.has('uploadId')) return 'CompleteMultipartUpload'
    return query.has('delete') ? 'DeleteObjects' : method
  }
  if (query.has('uploads')) return 'ListMultipartUploads'
  if (query.has('uploadId')) return 'ListParts'
  const isList = query.has('list-type') || query.has('prefix') || query.has('delimiter')
  return isList ? 'ListObjects' : 'GetObject'
}

/**
 * The proxy's server has answered that already.
 * @param {readonly string[]} rawHeaders names and values in turns
 * @returns {string[]}
 */
function withoutExpect(rawHeaders) {
  return rawHeaders.filter((_, at) => rawHeaders[at - (at % 2)]?.toLowerCase() !== 'expect')
}
