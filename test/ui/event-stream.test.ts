import { expect, test } from 'vitest'
import type { RepositoryName } from '../../src/index.ts'
import { connectionCount } from '../../src/ui/live/connection-count.ts'
import { eventBytes, eventStream } from '../../src/ui/live/event-stream.ts'

test('a stream gives its reader each event', async () => {
  let ends = 0
  const stream = eventStream(() => ends++)
  stream.send(eventBytes('changed', { repository: 'a/b' as RepositoryName }))
  stream.close()
  stream.close()
  expect(await new Response(stream.body).text()).toBe(
    'event: changed\ndata: {"repository":"a/b"}\n\n',
  )
  expect(ends).toBe(1)
})

test('a reader who does not read is dropped, and what waits for it too', async () => {
  let ends = 0
  const stream = eventStream(() => ends++)
  const bytes = new Uint8Array(1024)
  for (let sent = 0; sent < 40; sent++) stream.send(bytes)
  expect(ends).toBe(1)
  await expect(new Response(stream.body).text()).rejects.toThrow('too slow')
})

test('a reader who goes ends the stream', async () => {
  let ends = 0
  const stream = eventStream(() => ends++)
  await stream.body.cancel()
  stream.send(new Uint8Array(1))
  expect(ends).toBe(1)
})

test('places are counted, of all and of each', () => {
  const count = connectionCount(3, 2)
  const first = count.take('a')
  const second = count.take('a')
  expect(count.take('a')).toBeNull()
  expect(count.take(null)).not.toBeNull()
  expect(count.take('b')).toBeNull()
  first?.()
  first?.()
  expect(count.open).toBe(2)
  expect(count.take('a')).not.toBeNull()
  second?.()
})
