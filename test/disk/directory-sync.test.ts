import { expect, test } from 'vitest'
import { DirectorySync } from '../../adapters/disk/directory-sync.ts'
import type { Files } from '../../adapters/disk/files.ts'
import { nodeFiles } from '../../adapters/disk/node-files.ts'

interface Running {
  end(error?: Error): void
}

/** Syncs that end when they are told to. */
function held() {
  const running: Running[] = []
  const failures: unknown[] = []
  const files: Files = {
    ...nodeFiles,
    openDirectory: async () => ({
      sync: () =>
        new Promise<void>((resolve, reject) => {
          running.push({ end: (error) => (error === undefined ? resolve() : reject(error)) })
        }),
      close: async () => {},
    }),
  }
  const sync = new DirectorySync(files, '/folder', (_failure, error) => failures.push(error))
  return { sync, running, failures }
}

/** Lets everything happen that needs no waiting. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** How a promise stands now. */
async function state(promise: Promise<void>): Promise<string> {
  let seen = 'pending'
  promise.then(
    () => {
      seen = 'done'
    },
    (error) => {
      seen = String(error)
    },
  )
  await settled()
  return seen
}

test('a call during a sync is served by the next one, not by that one', async () => {
  const { sync, running } = held()
  const first = sync.sync()
  await settled()
  const second = sync.sync()
  const third = sync.sync()
  running[0]?.end()
  expect(await state(first)).toBe('done')
  expect(await state(second)).toBe('pending')
  expect(running).toHaveLength(2)
  const fourth = sync.sync()
  running[1]?.end()
  expect(await state(second)).toBe('done')
  expect(await state(third)).toBe('done')
  expect(await state(fourth)).toBe('pending')
  running[2]?.end()
  expect(await state(fourth)).toBe('done')
  expect(running).toHaveLength(3)
})

test('after a failed sync no other is tried, and every call fails', async () => {
  const { sync, running, failures } = held()
  const first = sync.sync()
  first.catch(() => {})
  await settled()
  const second = sync.sync()
  second.catch(() => {})
  running[0]?.end(new Error('broken'))
  for (const call of [() => first, () => second, () => sync.sync(), () => sync.open()]) {
    await expect(call()).rejects.toMatchObject({
      kind: 'storageReadOnly',
      cause: { message: 'broken' },
    })
  }
  expect(running).toHaveLength(1)
  expect(failures).toMatchObject([{ message: 'broken' }])
  await sync.close()
})

test('one sync runs at a time, whenever others ask', async () => {
  const { sync, running } = held()
  const all = [sync.sync()]
  await settled()
  all.push(sync.sync())
  // Asks in the very moment between one sync and the next.
  all[0]?.then(() => all.push(sync.sync()))
  running[0]?.end()
  await settled()
  expect(running).toHaveLength(2)
  running[1]?.end()
  await settled()
  running[2]?.end()
  await Promise.all(all)
})

test('closing waits for the syncs under way', async () => {
  const { sync, running } = held()
  sync.sync()
  await settled()
  const last = sync.sync()
  const closed = sync.close()
  running[0]?.end()
  expect(await state(closed)).toBe('pending')
  running[1]?.end()
  expect(await state(closed)).toBe('done')
  expect(await state(last)).toBe('done')
})

test('a folder that could not be opened is opened again the next time', async () => {
  let attempts = 0
  const sync = new DirectorySync(
    {
      ...nodeFiles,
      async openDirectory() {
        attempts += 1
        if (attempts === 1) throw new Error('no descriptors')
        return { sync: async () => {}, close: async () => {} }
      },
    },
    '/folder',
    () => expect.unreachable('no sync failed'),
  )
  await expect(sync.open()).rejects.toThrow('no descriptors')
  await sync.open()
  await sync.sync()
  expect(attempts).toBe(2)
})
