import { describe, expect, test } from 'vitest'
import { isEventStream } from '../../adapters/serving/event-stream.ts'

const events = new Response(null, {
  headers: { 'Content-Type': 'text/event-stream; charset=utf-8' },
})

/** An answer whose headers are not to be looked at. */
const unread = {
  get headers(): never {
    throw new Error('looked at the headers')
  },
} as unknown as Response

describe('isEventStream', () => {
  test.each([
    '/_layerdock/events',
    '/_layerdock/events?watch=team/v2/app',
    'http://h/events?a=/v2/',
    'http://v2/events',
    'http://v2/events?a=/v2/',
  ])('knows an event stream at %s', (target) => {
    expect(isEventStream(target, events)).toBe(true)
    expect(isEventStream(target, new Response('text'))).toBe(false)
  })

  test.each(['/v2/', '/hub/v2/a/tags/list?n=1', 'http://h/v2/', 'https://v2/v2/?a'])(
    'does not look at the answer of the API at %s',
    (target) => {
      expect(isEventStream(target, unread)).toBe(false)
    },
  )
})
