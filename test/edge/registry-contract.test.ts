import { afterAll, beforeAll, describe, test } from 'vitest'
import { registryContract } from '../../src/testing/index.ts'
import { sampleOf } from '../sample.ts'
import { bootRegistry, type RegistryEdge } from './registry-edge.ts'

describe("the contract of a registry, on Cloudflare's runtime", () => {
  let edge: RegistryEdge
  beforeAll(async () => {
    edge = await bootRegistry()
  })
  afterAll(() => edge.end())
  const cases = sampleOf('cases of contracts', registryContract, 6)
  for (const { name, run } of cases) test(name, () => run(() => edge.fetch))
})
