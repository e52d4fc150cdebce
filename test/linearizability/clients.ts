import { Random } from '../disk/simulation/random.ts'
import { type Answer, type Call, type Digests, History } from './history.ts'

/** What clients talk to: one node. Throws where the answer is not known. */
export type Node = (repository: number, call: Call) => Promise<Answer>

/** What a run is made of. */
export interface RunOptions {
  readonly nodes: readonly Node[]
  readonly seed: number
  readonly clients: number
  readonly operations: number
  /** How many repositories are in use at a time, each by as many clients. Default: 1. */
  readonly repositories?: number
  /** Whether deletions can be undone, and some are. Default: no. */
  readonly trash?: boolean
  /** Called with the number of each operation before it begins: for faults. */
  readonly before?: (operation: number) => Promise<unknown>
}

/** How many tags and manifests a repository has: few, so that clients meet. */
export const tagCount = 3
export const manifestCount = 4

/** How many operations go to one repository before the next one: a history of its own. */
const perRepository = 200

const kinds = [
  ...(['put', 'put', 'put', 'deleteTag', 'deleteManifest'] as const),
  ...(['resolve', 'resolve', 'resolve', 'resolve', 'find', 'list'] as const),
]

/** Has clients ask nodes at random, each one thing after the other; what they were told. */
export async function run(options: RunOptions): Promise<History> {
  const { nodes, seed, clients, operations, before, repositories = 1 } = options
  const history = new History()
  const deletions: Map<number, number[]> = new Map()
  let begun = 0
  async function client(number: number): Promise<void> {
    const random = new Random(seed * 1000 + number)
    while (begun < operations) {
      const round = Math.floor(begun / (perRepository * repositories))
      const repository = round * repositories + (number % repositories)
      begun += 1
      // Others begin while this one waits.
      const operation = begun
      await before?.(operation)
      const drawn = randomCall(random)
      const call = options.trash
        ? withTrash(random, drawn, operation, deletions, repository)
        : drawn
      const node = random.pick(nodes)
      await history.record(number, repository, call, () => node(repository, call))
    }
  }
  await Promise.all(Array.from({ length: clients }, (_, number) => client(number)))
  return history
}

/** How many of the latest deletions of a repository are undone, so that clients meet. */
const latestDeletions = 4

/** Has deletions of manifests be undone: some of those that were, and by several clients. `number` is of this call alone. */
function withTrash(
  random: Random,
  call: Call,
  number: number,
  deletions: Map<number, number[]>,
  repository: number,
): Call {
  const before = deletions.get(repository) ?? []
  deletions.set(repository, before)
  if (call.kind === 'deleteManifest') {
    before.push(number)
    return { ...call, deletion: number }
  }
  const latest = before.slice(-latestDeletions)
  const isRestore = call.kind === 'find' && latest.length > 0
  return isRestore ? { kind: 'restore', deletion: random.pick(latest) } : call
}

function randomCall(random: Random): Call {
  const tag = random.below(tagCount)
  const manifest = random.below(manifestCount)
  const kind = random.pick(kinds)
  switch (kind) {
    case 'put': {
      const second = (tag + 1) % tagCount
      if (random.chance(0.2)) return { kind, manifest, tags: [tag, second] }
      if (random.chance(0.1)) {
        return { kind, manifest, tags: [tag], expect: { tag: null, noneMatch: 'any' } }
      }
      if (random.chance(0.6)) return { kind, manifest, tags: [tag] }
      const digests: Digests = random.chance(0.4) ? 'any' : [random.below(manifestCount)]
      const expect = random.chance(0.5) ? { match: digests } : { noneMatch: digests }
      return { kind, manifest, tags: [tag], expect: { tag, ...expect } }
    }
    case 'deleteTag':
    case 'resolve':
      return { kind, tag }
    case 'list':
      return { kind }
    default:
      return { kind, manifest }
  }
}
