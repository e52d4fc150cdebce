import { fileURLToPath } from 'node:url'
import { holdsToTheSameRequests } from '../runtimes/parity.ts'
import { bootEdge } from './edge.ts'

const entry = fileURLToPath(new URL('watched-worker.ts', import.meta.url))

/** Its parser logs every request it refuses; only the answers count here. */
const handleStructuredLogs = (): void => {}

async function start(): Promise<{ host: string; kill(): Promise<void> }> {
  const { url, end } = await bootEdge({ handleStructuredLogs }, entry)
  return { host: new URL(url).host, kill: end }
}

holdsToTheSameRequests(start, {
  staysOpen: true,
  // It has a 500 for targets that it cannot read, and a 501 for methods that it does not know.
  refusesWith: [500, 501],
  refuses: ['a short extension'],
  // Where there are chunks they count and a length does not, and a line may end in LF alone. Elsewhere
  // than in tests, Cloudflare's own front reads the request first.
  reads: [
    'a length and chunks',
    'chunks and a length',
    'a length of 0 and chunks',
    'a space before the colon',
    'a tab before the colon',
    'chunks in HTTP/1.0',
    'lines that end in LF alone',
    'a header hidden behind LF',
    'a chunk size that ends in LF',
    'a chunk that ends in LF',
  ],
  takesFor: {
    // A tab ends a target; what else no target may hold makes it one of no endpoint.
    '/v2/a/tags/list\tx': '/v2/a/tags/list',
    '/v2/a/tags/list\x1b[31m': '/nowhere',
    '/v2/a/tags/list\x7f': '/nowhere',
    '/v2/a/tags/list#/../../b': '/nowhere',
    '/v2\\a\\tags\\list': '/nowhere',
  },
  // It does not look at the version.
  answers: ['GET /v2/ HTTP/3.0'],
})
