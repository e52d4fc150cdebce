import { expect, test } from 'vitest'
import { memoryMetadata } from '../../src/metadata/store.ts'
import { run } from './clients.ts'
import { storeNode } from './nodes.ts'

test('clients that begin at the same time number their deletions apart', async () => {
  const nodes = [storeNode(memoryMetadata())]
  const history = await run({ nodes, seed: 1, clients: 8, operations: 1000, trash: true })
  const deletions = [...history.repositories.values()]
    .flat()
    .flatMap(({ call }) => (call.kind === 'deleteManifest' ? [call.deletion] : []))
  expect(deletions.length).toBeGreaterThan(0)
  expect(new Set(deletions).size).toBe(deletions.length)
})
