import { expect, test } from 'vitest'
import { callContext } from '../../src/core/call-context.ts'
import { BodyInterrupted } from '../../src/oci/body-interrupted.ts'
import { repositoryName } from '../../src/oci/repository-name.ts'
import type { ByteSource } from '../../src/ports/byte-source.ts'
import { createRegistry } from '../../src/registry.ts'
import { inHand, sha256, sourceOf, utf8 } from './registry-in-hand.ts'

const call = callContext()
const app = repositoryName('app')

/** A body whose rest never comes, and what tells that its beginning was read. */
function endless(text: string): { readonly source: ByteSource; readonly begun: Promise<void> } {
  let begin = (): void => {}
  let abort = (): void => {}
  const begun = new Promise<void>((resolve) => {
    begin = resolve
  })
  const aborted = new Promise<void>((resolve) => {
    abort = resolve
  })
  return {
    begun,
    source: {
      async pipe(sink) {
        await sink(utf8(text))
        begin()
        await aborted
        throw new BodyInterrupted()
      },
      abort: () => abort(),
    },
  }
}

test('a node that ends hands its upload to another, with all that came', async () => {
  const hand = inHand()
  const { stores, clock } = hand
  const other = createRegistry({ stores, clock: clock.now })
  const { id } = await hand.registry.service.startUpload(call, app)
  const { source, begun } = endless('half ')
  const cut = hand.registry.service.appendUpload(call, app, id, { source }).catch((error) => error)
  await begun

  await hand.registry.suspendUploads()
  expect(await cut).toMatchObject({ kind: 'unavailable', status: 503 })
  // No claim had to lapse: the clock of the stores stands still.
  expect(await other.service.uploadStatus(call, app, id)).toEqual({ id, offset: 5 })
  const digest = sha256('half done')
  const last = { source: sourceOf('done') }
  expect(await other.service.finishUpload(call, app, id, digest, last)).toEqual({ digest, size: 9 })
})

test('it takes no session any more, and leaves none claimed', async () => {
  const hand = inHand()
  const { stores, clock } = hand
  const { service } = hand.registry
  const { id } = await service.startUpload(call, app)
  await hand.registry.suspendUploads()
  const append = service.appendUpload(call, app, id, { source: sourceOf('late') })
  await expect(append).rejects.toMatchObject({ kind: 'unavailable' })
  const other = createRegistry({ stores, clock: clock.now })
  const body = { source: sourceOf('there') }
  expect(await other.service.appendUpload(call, app, id, body)).toEqual({ id, offset: 5 })
})
