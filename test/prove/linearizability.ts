import { anomaliesIn } from '../linearizability/check.ts'
import { type Node, run } from '../linearizability/clients.ts'
import type { Answer } from '../linearizability/history.ts'
import { httpNode } from '../linearizability/nodes.ts'
import type { Proof } from './proof.ts'
import { Server } from './server.ts'

/** How many operations go by between two kills. */
const perKill = 1000

/** A node behind a cache that keeps what it knows of a tag for a few reads. */
function cached(node: Node): Node {
  const known: Map<string, { left: number; readonly answer: Answer }> = new Map()
  return async (repository, call) => {
    if (call.kind !== 'resolve') return node(repository, call)
    const key = `${repository}:${call.tag}`
    const entry = known.get(key)
    if (entry !== undefined && entry.left > 0) {
      entry.left -= 1
      return entry.answer
    }
    const answer = await node(repository, call)
    known.set(key, { left: 3, answer })
    return answer
  }
}

/** Clients that push, delete and read the same few tags, while the server is killed and collects. */
export const linearizability: Proof = {
  says: 'one order explains what all clients were told, over kills and collection',
  where: 'outside',
  unit: 'operations, with a kill every thousand and collection every 100 ms',
  lengths: { short: 3000, full: 100_000 },
  breaks: ['cached-tags', 'late-writes'],
  async run({ runtime, seed, length, broken }) {
    const server = await Server.start({
      runtime,
      broken: broken === 'cached-tags' ? null : broken,
      leaseMs: 200,
      collectEveryMs: 100,
    })
    let kills = 0
    let up: Promise<void> = Promise.resolve()
    const kill = async (): Promise<void> => {
      kills += 1
      await server.end('SIGKILL')
      await server.restart()
    }
    const node = httpNode(fetch, server.url)
    try {
      const history = await run({
        nodes: [broken === 'cached-tags' ? cached(node) : node],
        seed,
        // They are told little, so that many clients at one repository leave many orders to try.
        clients: 12,
        repositories: 3,
        operations: length,
        async before(operation) {
          if (operation % perKill === 0) up = up.then(kill)
          await up
        },
      })
      await up
      const { answered, unanswered } = history
      const text = `${answered} operations answered and ${unanswered} cut off by ${kills} kills, slowest start ${server.slowestStartMs.toFixed(0)} ms`
      return { text, violations: anomaliesIn(history) }
    } finally {
      await server.remove()
    }
  },
}
