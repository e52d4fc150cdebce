import { expect, test } from 'vitest'
import type { Digest } from '../../src/index.ts'
import { but } from '../contracts/breaking.ts'
import { app, dayMs, type TestRegistry, tagOf, testRegistry } from './registry.ts'

const all = { repositories: '**', tags: '*' } as const
const untagged = { repositories: '**', untagged: true } as const

/** A registry whose subject is pushed in the instant before something is deleted. */
interface Racing extends TestRegistry {
  /** Pushes the subject, with a tag. */
  pushSubject(): Promise<Digest>
  /** What is deleted in that instant: a digest or a tag. */
  before: string | null
}

async function racing(): Promise<Racing> {
  const pushIfDue = async (name: string): Promise<void> => {
    if (racing.before !== name) return
    racing.before = null
    await racing.pushSubject()
  }
  const it = await testRegistry((stores) => ({
    ...stores,
    metadata: but(stores.metadata, (inner) => ({
      async deleteManifest(name, digest, options) {
        await pushIfDue(digest)
        return inner.deleteManifest(name, digest, options)
      },
      async deleteTag(name, tag, options) {
        await pushIfDue(tag)
        return inner.deleteTag(name, tag, options)
      },
    })),
  }))
  const pushSubject = (): Promise<Digest> => it.image('subject', { tags: ['v1'] })
  const racing: Racing = { ...it, pushSubject, before: null }
  return racing
}

test('a referrer stays whose subject is pushed again as it goes', async () => {
  const it = await racing()
  const subject = await it.pushSubject()
  const signature = await it.image('signature', { subject })
  it.before = signature
  await it.retain([{ ...all, delete: 'all' }]).run()
  expect(it.before).toBeNull()
  expect(new Set(await it.digests())).toEqual(new Set([subject, signature]))
})

test('a manifest with a tag after a subject stays where that is pushed again as it goes', async () => {
  const it = await racing()
  const subject = await it.pushSubject()
  const signature = await it.image('signature', { tags: [tagOf(subject, '.sig')] })
  it.before = signature
  await it.retain([{ ...all, delete: 'all' }]).run()
  expect(it.before).toBeNull()
  expect(new Set(await it.digests())).toEqual(new Set([subject, signature]))
  expect(await it.tagNames()).toContain(tagOf(subject, '.sig'))
})

test('a tag after a subject stays where that is pushed again as the tag goes', async () => {
  const it = await racing()
  const subject = await it.pushSubject()
  const tag = tagOf(subject, '.sig')
  await it.image('signature', { tags: [tag, 'kept'] })
  it.before = tag
  await it.retain([{ ...all, tags: 'v1', delete: 'all' }]).run()
  expect(it.before).toBeNull()
  expect(await it.tagNames()).toEqual(['kept', tag, 'v1'])
})

test.each(['a referrer', 'a tag of its name'])(
  '%s stays whose subject comes only as it goes',
  async (kind) => {
    const it = await racing()
    const subject = await (await racing()).pushSubject()
    const how = kind === 'a referrer' ? { subject } : { tags: [tagOf(subject, '.sig')] }
    const signature = await it.image('signature', how)
    it.clock.advance(8 * dayMs)
    it.before = signature
    await it.retain([{ ...untagged, delete: { olderThan: '7d' } }]).run()
    expect(it.before).toBeNull()
    expect(new Set(await it.digests(app))).toEqual(new Set([subject, signature]))
  },
)
