import { expect, test } from 'vitest'
import { callContext } from '../../src/core/call-context.ts'
import { BodyInterrupted } from '../../src/oci/body-interrupted.ts'
import { repositoryName } from '../../src/oci/repository-name.ts'
import type { ByteSource } from '../../src/ports/byte-source.ts'
import { inHand, sha256, sourceOf, utf8 } from './registry-in-hand.ts'

// A client hangs up while its bytes are still under way, asks where the upload stands, and continues from
// there without a Content-Range. The bytes of the old request must not slip in between.

const call = callContext()
const name = repositoryName('resumed')

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1))

/** A body that keeps arriving, a byte at a time, until `isOver` or until it is called off. */
function arriving(
  isOver: (sent: number) => boolean,
): ByteSource & { readonly began: Promise<void> } {
  let aborted = false
  let begin = (): void => {}
  const began = new Promise<void>((resolve) => {
    begin = resolve
  })
  return {
    began,
    async pipe(sink) {
      for (let sent = 0; !isOver(sent); sent += 1) {
        if (aborted) throw new BodyInterrupted('called off')
        await sink(utf8('x'))
        begin()
        await turn()
      }
    },
    abort() {
      aborted = true
    },
  }
}

test('the status tells of bytes that were still arriving', async () => {
  const { service } = inHand().registry
  const { id } = await service.startUpload(call, name)
  const source = arriving((sent) => sent === 20)
  const old = service.appendUpload(call, name, id, { source })
  await source.began
  expect((await service.uploadStatus(call, name, id)).offset).toBe(20)
  await old
})

test('a request that continues from what was told ends the one before it', async () => {
  const { service } = inHand().registry
  const { id } = await service.startUpload(call, name)
  let isResumed = false
  const source = arriving((sent) => isResumed && sent > 5000)
  const old = service.appendUpload(call, name, id, { source }).catch((error: unknown) => error)
  await source.began
  expect((await service.uploadStatus(call, name, id)).offset).toBe(0)
  isResumed = true
  await service.appendUpload(call, name, id, { source: sourceOf('whole') })
  const { size } = await service.finishUpload(call, name, id, sha256('whole'), null)
  expect(size).toBe(5)
  expect(await old).toMatchObject({ kind: 'uploadBroken' })
})

test('a request that overtook the question where the upload stands, and is cut off, counts for nothing', async () => {
  const { service } = inHand().registry
  const { id } = await service.startUpload(call, name)
  await service.appendUpload(call, name, id, { source: sourceOf('whole ') })
  expect((await service.uploadStatus(call, name, id)).offset).toBe(6)
  // The client had sent it before, on another connection, and hung up.
  const source: ByteSource = {
    async pipe(sink) {
      await sink(utf8('sto'))
      throw new BodyInterrupted('the client is gone')
    },
    abort() {},
  }
  const old = service.appendUpload(call, name, id, { source })
  await expect(old).rejects.toMatchObject({ kind: 'uploadBroken' })
  await service.appendUpload(call, name, id, { source: sourceOf('story') })
  const { size } = await service.finishUpload(call, name, id, sha256('whole story'), null)
  expect(size).toBe(11)
})
