import { describe, expect, test } from 'vitest'
import { loggedTarget, plain } from '../../adapters/cli/plain-text.ts'

describe('a request target in a log', () => {
  test.each([
    ['/v2/', '/v2/'],
    ['/v2/a/tags/list?n=5&last=b', '/v2/a/tags/list?n=5&last=b'],
    ['/v2/a/blobs/uploads/?mount=sha256:1&from=b', '/v2/a/blobs/uploads/?mount=sha256:1&from=b'],
    ['/v2/a?_state=secret&digest=sha256:1', '/v2/a?_state=…&digest=sha256:1'],
    ['/token?account=me&password=secret', '/token?account=…&password=…'],
    ['/v2/?secret', '/v2/?…'],
    ['/v2/?token=a?b=secret', '/v2/?token=…'],
    ['http://me:secret@h/v2/?n=1', 'http://h/v2/?n=1'],
  ])('%s', (target, expected) => {
    expect(loggedTarget(target)).toBe(expected)
    expect(loggedTarget(target)).not.toContain('secret')
  })

  test('is one line of bounded length that no terminal obeys', () => {
    expect(loggedTarget('/a\u001b[2J\r\n\u009b\u007f\u2028b')).toBe(
      '/a\\x1b[2J\\x0d\\x0a\\x9b\\x7f\\x2028b',
    )
    expect(plain('x'.repeat(5000), 256)).toHaveLength(257)
  })
})
