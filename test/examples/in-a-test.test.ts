import { expect, test } from 'vitest'

test('examples/in-a-test.ts', async () => {
  const { digests, found, asked } = await import('../../examples/in-a-test.ts')
  expect(Object.keys(digests)).toEqual(['app:arm', 'app:amd', 'app:latest', 'sbom'])
  expect(found).toBe(digests['app:latest'])
  expect(asked).toEqual([429, 429, 200])
})
