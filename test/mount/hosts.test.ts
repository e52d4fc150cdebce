import { nodeHash } from 'layerdock/node'
import { describe } from 'vitest'
import type { HashFactory } from '../../src/ports/streaming-hash.ts'
import { createRegistry } from '../../src/registry.ts'
import { hosts } from './hosts.ts'
import { servesWhole } from './serves-whole.ts'

describe.each(hosts)('$name', ({ prefix = '', stripped = '', start }) => {
  servesWhole(prefix, async () => {
    let arrived: (size: number) => void = () => {}
    const hash: HashFactory = (algorithm) => {
      const inner = nodeHash(algorithm)
      return {
        digest: () => inner.digest(),
        update(bytes) {
          inner.update(bytes)
          arrived(bytes.byteLength)
        },
      }
    }
    const arrival = (): Promise<number> =>
      new Promise((resolve) => {
        arrived = resolve
      })
    return { ...(await start(createRegistry({ prefix, stripped, hash }))), arrival }
  })
})
