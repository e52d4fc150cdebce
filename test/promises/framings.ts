import { digestOf } from './client.ts'
import { head } from './raw-socket.ts'

/** The request that a proxy in front would not have seen. */
export const smuggled: string = head('GET /v2/smuggled/tags/list HTTP/1.1')

const post = `POST /v2/app/blobs/uploads/?digest=${digestOf('hello')} HTTP/1.1`

/** A head of exactly these lines, and the bytes after it. */
function raw(lines: readonly string[], body: string, lineEnd = '\r\n'): string {
  return [post, 'Host: registry.test', ...lines, '', body].join(lineEnd)
}

const chunkedBody = '5\r\nhello\r\n0\r\n\r\n'
const te = 'Transfer-Encoding: chunked'

/** Ambiguous framings. Each ends where the second request begins. */
export const uncertain: ReadonlyArray<readonly [what: string, request: string]> = [
  ['a length and chunks', raw(['Content-Length: 4', te], chunkedBody)],
  ['chunks and a length', raw([te, 'Content-Length: 4'], chunkedBody)],
  ['a length of 0 and chunks', raw(['Content-Length: 0', te], chunkedBody)],
  ['two different lengths', raw(['Content-Length: 5', 'Content-Length: 0'], 'hello')],
  ['the same length twice', raw(['Content-Length: 5', 'Content-Length: 5'], 'hello')],
  ['a list of lengths', raw(['Content-Length: 5, 5'], 'hello')],
  ['a length with a sign', raw(['Content-Length: +5'], 'hello')],
  ['a negative length', raw(['Content-Length: -5'], 'hello')],
  ['a length in hex', raw(['Content-Length: 0x5'], 'hello')],
  ['a length with a space in it', raw(['Content-Length: 5 0'], 'hello')],
  ['a length past 64 bits', raw(['Content-Length: 18446744073709551621'], 'hello')],
  ['an empty length', raw(['Content-Length:'], 'hello')],
  ['a space before the colon', raw(['Transfer-Encoding : chunked'], chunkedBody)],
  ['a tab before the colon', raw(['Transfer-Encoding\t: chunked'], chunkedBody)],
  ['a folded header', raw(['Transfer-Encoding:', ' chunked', 'Content-Length: 5'], 'hello')],
  ['a folded length', raw(['Content-Length: 0', '\t5'], 'hello')],
  ['chunked, then something', raw(['Transfer-Encoding: chunked, identity'], chunkedBody)],
  ['something like chunked', raw(['Transfer-Encoding: xchunked'], chunkedBody)],
  ['chunked in quotes', raw(['Transfer-Encoding: "chunked"'], chunkedBody)],
  ['identity alone', raw(['Transfer-Encoding: identity'], 'hello')],
  ['gzip alone', raw(['Transfer-Encoding: gzip'], 'hello')],
  ['chunked after a vertical tab', raw(['Transfer-Encoding: \x0bchunked'], chunkedBody)],
  ['chunks in HTTP/1.0', raw([te], chunkedBody).replace('HTTP/1.1', 'HTTP/1.0')],
  ['lines that end in LF alone', raw([te], chunkedBody, '\n')],
  ['a header hidden behind CR', raw([`X: 1\r${te}`, 'Content-Length: 5'], 'hello')],
  ['a header hidden behind LF', raw([`X: 1\n${te}`], chunkedBody)],
  ['a NUL in a header', raw(['X: \0', te], chunkedBody)],
  ['a header without a name', raw([': x', te], chunkedBody)],
  ['a header without a colon', raw(['chunked', te], chunkedBody)],
  ['a chunk size in hex notation', raw([te], '0x5\r\nhello\r\n0\r\n\r\n')],
  ['a chunk size with a sign', raw([te], '+5\r\nhello\r\n0\r\n\r\n')],
  ['a chunk size after a space', raw([te], ' 5\r\nhello\r\n0\r\n\r\n')],
  ['a chunk size past 64 bits', raw([te], '10000000000000005\r\nhello\r\n0\r\n\r\n')],
  ['a chunk size that ends in LF', raw([te], '5\nhello\r\n0\r\n\r\n')],
  ['a chunk that ends in LF', raw([te], '5\r\nhello\n0\r\n\r\n')],
  ['a chunk longer than its size', raw([te], '5\r\nhelloworld\r\n0\r\n\r\n')],
  ['an extension with a bare LF', raw([te], '5;a\nb\r\nhello\r\n0\r\n\r\n')],
  ['an extension with a bare CR', raw([te], '5;a\rb\r\nhello\r\n0\r\n\r\n')],
  ['an extension without end', raw([te], `5;${'a'.repeat(64 * 1024)}\r\nhello\r\n0\r\n\r\n`)],
  ['a length among the trailers', raw([te], '0\r\nContent-Length 5\r\n\r\n')],
]

/** Unambiguous framings. The bytes after them are a request. */
export const certain: ReadonlyArray<readonly [what: string, request: string]> = [
  ['a length', raw(['Content-Length: 5'], 'hello')],
  ['chunks', raw([te], chunkedBody)],
  ['chunks in another case', raw(['transfer-encoding: CHUNKED'], chunkedBody)],
  ['a short extension', raw([te], '5;name=value\r\nhello\r\n0\r\n\r\n')],
  ['two chunks', raw([te], '2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n')],
]

/** Requests that are answered before the body is read. The body contains the second request. */
export const unread: ReadonlyArray<readonly [what: string, request: string]> = [
  [
    'a manifest that is too large',
    `${head('PUT /v2/app/manifests/x HTTP/1.1', 'Content-Length: 100000')}${smuggled}`,
  ],
  [
    'a blob that is too large',
    `${head(`POST /v2/app/blobs/uploads/?digest=${digestOf('')} HTTP/1.1`, 'Content-Length: 100000')}${smuggled}`,
  ],
  [
    'an unknown endpoint',
    `${head('POST /nowhere HTTP/1.1', `Content-Length: ${smuggled.length}`)}${smuggled}`,
  ],
  [
    'a wrong method',
    `${head('POST /v2/app/tags/list HTTP/1.1', `Content-Length: ${smuggled.length}`)}${smuggled}`,
  ],
  [
    'a GET with a body',
    `${head('GET /v2/ HTTP/1.1', `Content-Length: ${smuggled.length}`)}${smuggled}`,
  ],
  [
    'a HEAD with a body in chunks',
    `${head('HEAD /v2/ HTTP/1.1', te)}${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`,
  ],
  [
    'an unwanted body in chunks',
    `${head('DELETE /v2/app/manifests/x HTTP/1.1', te)}${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`,
  ],
  [
    'an encoding that is refused',
    `${head(post, 'Content-Encoding: gzip', `Content-Length: ${smuggled.length}`)}${smuggled}`,
  ],
  [
    'an Upgrade',
    `${head('GET /v2/ HTTP/1.1', 'Connection: Upgrade', 'Upgrade: h2c', `Content-Length: ${smuggled.length}`)}${smuggled}`,
  ],
  [
    'a method with a body and an Expect',
    `${head(post, 'Expect: 200-maybe', `Content-Length: ${smuggled.length}`)}${smuggled}`,
  ],
]
