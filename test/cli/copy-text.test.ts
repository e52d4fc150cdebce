import { expect, test } from 'vitest'
import { namesText, sizeText, timeText } from '../../adapters/cli/copy/amounts.ts'
import { ProgressText } from '../../adapters/cli/copy/progress-text.ts'
import { openStatusLine } from '../../adapters/cli/copy/status-line.ts'
import type { CopyProgress, StoreComparison } from '../../src/kit.ts'

test('amounts are written for people', () => {
  expect([0, 1023, 1024, 150 * 1024, 12.34 * 1024 ** 3, 5 * 1024 ** 5].map(sizeText)).toEqual([
    '0 B',
    '1023 B',
    '1.0 KiB',
    '150 KiB',
    '12.3 GiB',
    '5.0 PiB',
  ])
  expect([400, 59_000, 250_000, 7_260_000, 100_000_000].map(timeText)).toEqual([
    '0s',
    '59s',
    '4m 10s',
    '2h 1m',
    '1d 3h',
  ])
  expect(namesText({ repository: 1, blob: 1_204, manifest: 0, tag: 2 })).toBe(
    '1 repository, 1,204 blobs, 2 tags',
  )
  expect(namesText({ repository: 0, blob: 0, manifest: 0, tag: 0 })).toBe('nothing')
})

const none = { same: 0, missing: 0, other: 0, extra: 0 }
const plan: StoreComparison = {
  repository: { ...none, missing: 1 },
  blob: { ...none, missing: 6, same: 9 },
  manifest: { ...none, missing: 2 },
  tag: { ...none, missing: 1, other: 1 },
  bytes: 40 * 1024 * 1024,
}

function done(blob: number, mib: number): CopyProgress {
  const nothing = { repository: 0, blob: 0, manifest: 0, tag: 0 }
  const copied = { ...nothing, blob }
  return { looked: nothing, copied, removed: nothing, bytes: mib * 1024 * 1024, problems: 0 }
}

test('a copy says how far it is, how fast and how long it may take', () => {
  let now = 5_000
  const progress = new ProgressText(plan, () => now)
  expect(progress.of(done(0, 0))).toMatch(/^copying 0%, 0 B of 40.0 MiB, 0 of 11 names, 0 B\/s$/)
  now += 10_000
  expect(progress.of(done(3, 10))).toBe(
    'copying 25%, 10.0 MiB of 40.0 MiB, 3 of 11 names, 1.0 MiB/s, 30s left',
  )
  // More than was planned: the names say how far it is.
  expect(progress.of(done(6, 50))).toBe(
    'copying 54%, 50.0 MiB of 50.0 MiB, 6 of 11 names, 5.0 MiB/s',
  )
  expect(progress.elapsedMs).toBe(10_000)
})

function written(isTTY: boolean) {
  let out = ''
  let now = 0
  const stream = {
    isTTY,
    columns: 40,
    write: (text: string | Uint8Array) => {
      out += text
      return true
    },
  }
  const pass = (ms: number): void => {
    now += ms
  }
  const status = openStatusLine(stream as never, () => now)
  return { status, out: () => out, pass }
}

test('a terminal shows the newest status on one line, and messages above it', () => {
  const { status, out, pass } = written(true)
  status.show('one')
  status.show('too soon')
  pass(500)
  status.show('x'.repeat(60))
  status.say('a message')
  status.end()
  pass(500)
  status.show('last')
  status.end()
  const clear = '\r\u001b[K'
  expect(out()).toBe(`one${clear}${'x'.repeat(39)}${clear}layerdock: a message\nlast${clear}`)
})

test('elsewhere a status is a line now and then', () => {
  const { status, out, pass } = written(false)
  status.show('at once')
  pass(9_000)
  status.show('too soon')
  pass(2_000)
  status.show('now')
  status.say('a message')
  status.end()
  expect(out()).toBe('layerdock: now\nlayerdock: a message\n')
})
