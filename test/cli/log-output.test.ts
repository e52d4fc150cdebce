import { execFileSync } from 'node:child_process'
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type LogOutput, openOutput } from '../../adapters/cli/log-output.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'layerdock-log-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

interface Opened {
  readonly out: LogOutput
  readonly dropped: readonly number[]
  readonly failures: readonly unknown[]
}

function open(file: string): Opened {
  const dropped: number[] = []
  const failures: unknown[] = []
  const out = openOutput(file, {
    dropped: (texts) => dropped.push(texts),
    notReopened: (error) => failures.push(error),
  })
  return { out, dropped, failures }
}

test('what waits for a pipe that is not read is bounded, and what is dropped is counted', async () => {
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const { out, dropped } = open(path)
  const line = `${'x'.repeat(1023)}\n`
  const given = 10 * 1024
  for (let count = 0; count < given; count++) out.write(line)
  const bytes = Buffer.alloc(1024 * 1024)
  let read = 0
  const readOn = (): number => {
    try {
      read += readSync(reader, bytes)
    } catch (error) {
      expect(error).toMatchObject({ code: 'EAGAIN' })
    }
    return read
  }
  const interval = 5
  await expect.poll(() => readOn() > 0 && dropped.length, { interval }).toBe(1)
  const [count = 0] = dropped
  await expect.poll(readOn, { interval }).toBe((given - count) * line.length)
  expect(count).toBeGreaterThan(1024)
  expect(read).toBeLessThan(9 * 1024 * 1024)
  out.write('more\n')
  out.finish()
  expect(readSync(reader, bytes)).toBe(5)
  closeSync(reader)
})

test('at the end a pipe that is not read and a file on a full disk are given up', async () => {
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const { out: pipe } = open(path)
  for (let count = 0; count < 200; count++) pipe.write('x'.repeat(1024))
  pipe.finish()
  closeSync(reader)
  pipe.write('a reader that is gone')
  pipe.finish()
  const { out: full } = open('/dev/full')
  full.write('x')
  full.finish()
  full.write('x'.repeat(100_000))
  await full.settled()
  full.finish()
})

test('a file is opened again under its name, by request and once it was renamed', async () => {
  const path = join(folder, 'log')
  const { out, failures } = open(path)
  const text = (name: string): string => readFileSync(join(folder, name), 'utf8')
  out.write('first\n')
  renameSync(path, join(folder, 'log.1'))
  out.reopen()
  out.write('second\n')
  await expect.poll(() => text('log.1')).toBe('first\n')
  renameSync(path, join(folder, 'log.2'))
  // Nothing is waited for: the name is looked at every second.
  await expect.poll(() => text('log')).toBe('')
  out.write('third\n')
  out.flush()
  await expect.poll(() => text('log')).toBe('third\n')
  expect(text('log.2')).toBe('second\n')
  expect(failures).toEqual([])
})

test('what comes while a write is under way is written after it, without more text', async () => {
  const fs = createRequire(import.meta.url)('node:fs')
  const { write } = fs
  let goOn = (): void => {}
  // A disk that is slow once.
  fs.write = (...call: readonly unknown[]) => {
    fs.write = write
    goOn = () => write(...call)
  }
  try {
    const path = join(folder, 'log')
    const { out } = open(path)
    out.write('first\n')
    out.flush()
    out.write('second\n')
    // Longer than text waits for more, so that nothing is set to go off after the write.
    await new Promise((resolve) => setTimeout(resolve, 600))
    goOn()
    await expect.poll(() => readFileSync(path, 'utf8')).toBe('first\nsecond\n')
  } finally {
    fs.write = write
  }
})

test('a file is opened again before anything was written', async () => {
  const path = join(folder, 'log')
  const { out } = open(path)
  out.reopen()
  renameSync(path, join(folder, 'log.1'))
  await expect.poll(() => existsSync(path)).toBe(true)
  out.write('first\n')
  await out.settled()
  expect(readFileSync(path, 'utf8')).toBe('first\n')
})

test('a file that cannot be opened again is told once, and what comes goes into the one before', async () => {
  const inner = join(folder, 'inner')
  execFileSync('mkdir', [inner])
  const path = join(inner, 'log')
  const { out, failures } = open(path)
  out.write('first\n')
  renameSync(inner, join(folder, 'moved'))
  out.reopen()
  out.reopen()
  expect(failures).toMatchObject([{ code: 'ENOENT' }])
  out.write('second\n')
  out.finish()
  await expect.poll(() => readFileSync(join(folder, 'moved/log'), 'utf8')).toBe('first\nsecond\n')
  renameSync(join(folder, 'moved'), inner)
  out.reopen()
  out.write('third\n')
  await out.settled()
  expect(readFileSync(path, 'utf8')).toBe('first\nsecond\nthird\n')
})

test('a file that cannot be opened at all is an error', () => {
  expect(() => open(join(folder, 'no/log'))).toThrow('ENOENT')
})
