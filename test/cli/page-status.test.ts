import { describe, expect, test } from 'vitest'
import { noteCollections } from '../../adapters/cli/page/last-collection.ts'
import { sessionSecret } from '../../adapters/cli/page/session-secret.ts'
import { storedBytes } from '../../adapters/cli/page/stored-bytes.ts'
import type { KeyStore } from '../../src/access/index.ts'
import { createRegistry, type Notice } from '../../src/index.ts'
import { memoryStores } from '../../src/kit.ts'
import { clientOf } from '../promises/client.ts'

describe('what is stored', () => {
  test('is counted once for each digest, in all repositories', async () => {
    const stores = memoryStores()
    const client = clientOf(createRegistry({ stores }))
    const { bytes } = await client.pushImage('a', 'latest')
    await client.pushImage('b', 'latest')
    await client.pushBlob('a', 'x'.repeat(1000))
    expect(await storedBytes(stores.metadata)()).toBe(bytes.byteLength + '{}'.length + 1000)
  })

  test('is counted in steps, and again once the count is old', async () => {
    let now = 0
    let asked = 0
    const digests = Array.from(
      { length: 2500 },
      (_, index) => `sha256:${String(index).padStart(64, '0')}`,
    )
    const listNamed = async ({ after = '', limit }: { after?: string; limit: number }) => {
      asked += 1
      const rest = digests.filter((digest) => digest > after)
      const items = rest.slice(0, limit).map((digest) => ({ digest, size: 2 }))
      return { items, more: rest.length > limit }
    }
    const stored = storedBytes({ listNamed } as never, () => now)
    expect(await stored()).toBe(5000)
    expect(await stored()).toBe(5000)
    expect(asked).toBe(3)
    digests.pop()
    now += 61_000
    await expect.poll(stored).toBe(4998)
  })

  test('is unknown where it cannot be counted', async () => {
    const listNamed = (): Promise<never> => Promise.reject(new Error('away'))
    expect(await storedBytes({ listNamed })()).toBeNull()
  })
})

describe('the secret of sessions', () => {
  function note(text: string | null = null): KeyStore & { text: string | null } {
    return {
      text,
      async read() {
        return this.text
      },
      async replace(before, after) {
        if (this.text !== before) return false
        this.text = after
        return true
      },
    }
  }

  test('is made once, and is the same from then on', async () => {
    const kept = note()
    const first = await sessionSecret(kept, false)
    expect(first).toHaveLength(32)
    expect(await sessionSecret(kept, false)).toEqual(first)
    expect(await sessionSecret(kept, true)).toEqual(first)
    expect(await sessionSecret(note(), false)).not.toEqual(first)
  })

  test('is that of the node that was faster', async () => {
    const kept = note()
    const secrets = await Promise.all([sessionSecret(kept, false), sessionSecret(kept, false)])
    expect(secrets[0]).toEqual(secrets[1])
  })

  test('is kept by no server that only reads', async () => {
    const kept = note()
    expect(await sessionSecret(kept, true)).toHaveLength(32)
    expect(kept.text).toBeNull()
  })

  test('is made again where what is kept is none', async () => {
    const kept = note('{"secret":"short"}')
    const fresh = await sessionSecret(kept, false)
    expect(await sessionSecret(kept, false)).toEqual(fresh)
  })
})

describe('the last collection', () => {
  const ended = { kind: 'garbage-collected', blobs: 2, bytes: 700, repositories: 0, ms: 3 } as const

  test('is the last that came to its end, and every notice goes on', () => {
    const passed: Notice[] = []
    const { onNotice, last } = noteCollections((notice) => void passed.push(notice))
    expect(last()).toBeNull()
    onNotice({ ...ended, isComplete: true })
    onNotice({ ...ended, bytes: 9, isComplete: false })
    expect(last()).toEqual({ at: expect.any(Number), freedBytes: 700 })
    expect(passed).toHaveLength(2)
  })
})
