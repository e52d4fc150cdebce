import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { callContext } from '../../src/core/call-context.ts'
import { repositoryName } from '../../src/oci/repository-name.ts'
import type { RegistryStores } from '../../src/options.ts'
import { inHand, sha256, sourceOf } from './registry-in-hand.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const call = callContext()
const app = repositoryName('app')

/** Stores that take as long to commit as `until` does. */
function slowCommit({ blobs, ...others }: RegistryStores, until: Promise<void>): RegistryStores {
  return {
    ...others,
    blobs: {
      ...blobs,
      async stage(id, hint, from) {
        const staged = await blobs.stage(id, hint, from)
        const commit = staged.commit.bind(staged)
        staged.commit = async (digest) => {
          await until
          return commit(digest)
        }
        return staged
      },
    },
  }
}

test('while a session is finished, however long, no other request waits more than a while', async () => {
  let end = (): void => {}
  const committed = new Promise<void>((resolve) => {
    end = resolve
  })
  const { service } = inHand({}, (stores) => slowCommit(stores, committed)).registry
  const { id } = await service.startUpload(call, app)
  await service.appendUpload(call, app, id, { source: sourceOf('hello') })
  const digest = sha256('hello')
  const finished = service.finishUpload(call, app, id, digest, null)

  const settled: string[] = []
  const note = (name: string) => (): void => void settled.push(name)
  const status = service.uploadStatus(call, app, id)
  const others = [
    service.cancelUpload(call, app, id),
    service.finishUpload(call, app, id, digest, null),
    service.appendUpload(call, app, id, { source: sourceOf('!') }),
  ]
  void status.then(note('status'))
  for (const other of others) void other.catch(note('other'))
  await vi.advanceTimersByTimeAsync(2000)
  expect(settled).toEqual(['status'])
  expect((await status).offset).toBe(5)
  await vi.advanceTimersByTimeAsync(8000)
  expect(settled).toEqual(['status', 'other', 'other', 'other'])
  for (const other of others) await expect(other).rejects.toMatchObject({ kind: 'tooManyRequests' })

  end()
  expect(await finished).toEqual({ digest, size: 5 })
})
