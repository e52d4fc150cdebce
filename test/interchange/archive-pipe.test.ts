import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { archivePipe, PipeClosed } from '../../adapters/folders/archive-sinks.ts'

function full(): Error {
  return Object.assign(new Error('No space left on device'), { code: 'ENOSPC' })
}

test.each([
  ['in its callback', () => new Writable({ write: (_chunk, _encoding, done) => done(full()) })],
  [
    'at once, as on Deno',
    () =>
      new Writable({
        write() {
          throw full()
        },
      }),
  ],
])(
  'a pipe that says %s that it takes no more ends an archive with the reason',
  async (_when, pipe) => {
    const sink = archivePipe(pipe())
    const bytes = new Uint8Array(10)
    for (let time = 0; time < 2; time += 1) {
      const failure = await Promise.resolve(sink.write(bytes)).catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(PipeClosed)
      expect(String(failure)).toContain('no room left where standard output goes')
    }
  },
)
