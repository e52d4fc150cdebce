import { expect, test } from 'vitest'
import type { RegistryStores } from '../../src/index.ts'
import {
  memoryStores,
  type Notice,
  startVerifying,
  type VerifyingOptions,
  type VerifyReport,
  type VerifySchedule,
} from '../../src/kit.ts'
import { repositoryNamed } from '../../src/testing/index.ts'
import { but } from '../contracts/breaking.ts'
import { imageOf, pushBlob, pushManifest, run } from '../copy/content.ts'
import { hash } from '../copy/places.ts'

const here = repositoryNamed('here')

async function filled(): Promise<RegistryStores> {
  const stores = memoryStores()
  await run(stores, [pushBlob(here, 0), pushBlob(here, 3), pushManifest(here, imageOf([3]))])
  return stores
}

/** A document that outlives a schedule. */
function noteOf(schedule: VerifySchedule | null = null) {
  let text = JSON.stringify(schedule)
  return {
    load: async () => JSON.parse(text) as VerifySchedule | null,
    save: async (now: VerifySchedule) => {
      text = JSON.stringify(now)
    },
  }
}

/** Starts a schedule, and waits for its next report. */
async function nextReport(
  stores: RegistryStores,
  options: Pick<VerifyingOptions, 'load' | 'save'> & Partial<VerifyingOptions>,
): Promise<VerifyReport> {
  let end: () => Promise<void> = async () => {}
  const report = await new Promise<VerifyReport>((resolve) => {
    end = startVerifying(stores, {
      everyMs: 1,
      lookEveryMs: 1,
      hash,
      ...options,
      onReport: resolve,
    })
  })
  await end()
  return report
}

test('a schedule verifies, notes when, and does it again once it is due', async () => {
  const stores = await filled()
  const note = noteOf()
  let now = 1_000_000
  const clock = (): number => (now += 1)
  const report = await nextReport(stores, { ...note, clock, everyMs: 50 })
  expect(report).toMatchObject({ digests: 3, manifests: 1, sound: true })
  const { last, nextAt, state } = (await note.load()) ?? {}
  expect(state).toBeNull()
  expect(last?.report).toEqual(report)
  const due = nextAt ?? 0
  expect(due).toBeGreaterThan(1_000_000)
  now = due
  expect(await nextReport(stores, { ...note, clock, everyMs: 50 })).toMatchObject({ sound: true })
})

test('a pass that is not due does not begin', async () => {
  const stores = await filled()
  const note = noteOf({ state: null, nextAt: Number.MAX_SAFE_INTEGER, last: null })
  let looks = 0
  let end: () => Promise<void> = async () => {}
  const metadata = but(stores.metadata, () => ({
    listNamed: () => Promise.reject(new Error('nothing is to be read')),
  }))
  const notices: Notice[] = []
  await new Promise<void>((resolve) => {
    end = startVerifying(
      { ...stores, metadata },
      {
        ...note,
        async load() {
          looks += 1
          if (looks === 3) resolve()
          return note.load()
        },
        everyMs: 1,
        lookEveryMs: 1,
        onNotice: (notice) => void notices.push(notice),
      },
    )
  })
  await end()
  expect(notices).toEqual([])
})

test('a schedule that ends stops its pass, and the next one goes on with it', async () => {
  const stores = await filled()
  const note = noteOf()
  const read: string[] = []
  let end: () => Promise<void> = async () => {}
  const blobs = but(stores.blobs, (inner) => ({
    async open(ref, how) {
      read.push(ref.digest)
      // The first is the manifest, with its record.
      if (read.length === 2) void end()
      return inner.open(ref, how)
    },
  }))
  const dayMs = 86_400_000
  end = startVerifying({ ...stores, blobs }, { ...note, everyMs: dayMs, lookEveryMs: 1, hash })
  while ((await note.load()) === null) await new Promise((resolve) => setImmediate(resolve))
  await end()
  const stopped = (await note.load())?.state
  expect(stopped).toMatchObject({ phase: 'bytes', progress: { manifests: 1 } })
  const begun = read.length
  // Much later, so that the rest is due.
  const clock = (): number => Date.now() + dayMs
  const report = await nextReport({ ...stores, blobs }, { ...note, everyMs: dayMs, clock })
  expect(report).toMatchObject({ manifests: 1, digests: 3, sound: true })
  expect(read.length - begun).toBeLessThanOrEqual(3)
})

test('what fails is a notice, and tried again', async () => {
  const stores = await filled()
  const note = noteOf()
  let fails = true
  const metadata = but(stores.metadata, (inner) => ({
    async listNamed(page) {
      if (!fails) return inner.listNamed(page)
      fails = false
      throw new Error('broken')
    },
  }))
  const notices: Notice[] = []
  const report = await nextReport(
    { ...stores, metadata },
    { ...note, onNotice: (notice) => void notices.push(notice) },
  )
  expect(report.sound).toBe(true)
  expect(notices).toMatchObject([{ kind: 'background-failure', task: 'verifying all content' }])
})

test('turns say which node does it', async () => {
  const stores = await filled()
  const tasks: string[] = []
  const turns: NonNullable<VerifyingOptions['turns']> = {
    async run(task, _everyMs, work) {
      tasks.push(task)
      // Another node has the first turn.
      if (tasks.length > 1) await work()
    },
  }
  await nextReport(stores, { ...noteOf(), turns })
  expect(tasks.length).toBeGreaterThan(1)
})
