import { sha256 } from '../clients/bytes.mjs'
import { noise } from '../clients/ledger.mjs'
import { Random } from '../disk/simulation/random.ts'
import { ImagePusher } from './image-pusher.ts'
import { descriptorsOf, meansOf, type Sample, slopeOf } from './process-samples.ts'
import type { Proof } from './proof.ts'
import { Server } from './server.ts'

const workers = 8
/** A registry that gets all it can take shows its speed; this is a busy day at a steady pace. */
const askedPerSecond = 80
/** How often a minute the server is looked at, while nothing is asked of it, and how often at least. */
const looks = { aMinute: 2, least: 15 }
/** Growth of what is alive that is allowed, in MiB an hour. */
const mostGrowth = 1
/** What a run may be uncertain of, in MiB an hour; one that is less certain shows nothing. */
const mostUncertainty = 1
/** Caches that fill are no leak: these fill in the first minutes. */
const manifestCacheBytes = 256 * 1024
/** In a run of less than ten minutes a program still compiles itself: what it may grow by, in MiB. */
const warmUpMib = 20

/** A server that works for long. */
export const soak: Proof = {
  says: 'a server that works for hours answers everything right and grows in nothing',
  where: 'outside',
  unit: 'minutes of pushes, pulls and deletions, with collection every second',
  lengths: { short: 0.5, full: 30 },
  breaks: ['leak'],
  async run({ runtime, seed, length, broken }) {
    const server = await Server.start({
      runtime,
      broken,
      leaseMs: 10_000,
      collectEveryMs: 1000,
      manifestCacheBytes,
      probed: true,
    })
    const violations: string[] = []
    let began = performance.now()
    let asked = 0
    const pace = async (): Promise<void> => {
      asked += 1
      const due = began + (asked * 1000) / askedPerSecond
      const early = due - performance.now()
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early))
    }
    const pushers = Array.from({ length: workers }, (_, worker) => {
      const random = new Random(seed * 1000 + worker)
      return new ImagePusher(server.url, `soak/w${worker}`, random, pace)
    })
    const work = async (pusher: ImagePusher, until: number): Promise<void> => {
      do {
        await pusher.turn().catch((error) => violations.push(`${error}`))
      } while (performance.now() < until && violations.length < 20)
    }
    const rounds = Math.max(looks.least, Math.round(length * looks.aMinute))
    const live: Sample[] = []
    const resident: Sample[] = []
    const descriptors: number[] = []
    try {
      await fillBuffers(server.url)
      began = performance.now()
      for (let round = 1; round <= rounds && violations.length < 20; round += 1) {
        const until = began + (round / rounds) * length * 60_000
        await Promise.all(pushers.map((pusher) => work(pusher, until)))
        const at = performance.now() - began
        const memory = await server.memory()
        live.push({ at, value: memory.live })
        resident.push({ at, value: memory.resident })
        descriptors.push(descriptorsOf(server.pid))
        if (round % 5 === 0) {
          process.stdout.write(
            `${((length * round) / rounds).toFixed(1)} minutes: ${asked} requests, ${memory.live.toFixed(2)} MiB live, ${memory.resident.toFixed(0)} MiB resident, ${descriptors.at(-1)} descriptors\n`,
          )
        }
      }
      const before = asked
      for (const pusher of pushers) {
        await pusher.checkAll().catch((error) => violations.push(`at the end: ${error}`))
      }
      const warmUp = length < 10 ? warmUpMib / ((length * 2) / 3 / 60) : 0
      const growth = slopeOf(steady(live))
      if (growth.perHour - growth.uncertainty > mostGrowth + warmUp) {
        violations.push(`what is alive grows by ${said(growth)} MiB/h`)
      } else if (growth.uncertainty > mostUncertainty + warmUp) {
        violations.push(`it is not known how what is alive grows: ${said(growth)} MiB/h`)
      }
      const open = steady(descriptors)
      const [first, last] = [open.slice(0, open.length / 2), open.slice(open.length / 2)]
      if (Math.max(...last) > Math.max(...first) + workers) {
        violations.push(`${Math.max(...first)} descriptors grew to ${Math.max(...last)}`)
      }
      const mib = pushers.reduce((sum, { hashed }) => sum + hashed, 0) / 1024 / 1024
      const tenths = (samples: readonly Sample[], digits: number): string =>
        meansOf(samples)
          .map((each) => each.toFixed(digits))
          .join(' ')
      const text = [
        `${before} requests in ${length} minutes, ${mib.toFixed(0)} MiB read and hashed`,
        `alive ${said(growth)} MiB/h (each tenth: ${tenths(live, 2)})`,
        `resident ${said(slopeOf(steady(resident)))} MiB/h (${tenths(resident, 0)})`,
        `descriptors at most ${Math.max(...first)}, then ${Math.max(...last)}`,
      ]
      return { text: text.join(', '), violations }
    } finally {
      if (server.output.length > 0 && violations.length > 0) {
        process.stdout.write(server.output.slice(-2000))
      }
      await server.remove()
    }
  },
}

/** Has many clients read at once, so that the server has all buffers that it keeps for the next reader. */
async function fillBuffers(url: string): Promise<void> {
  const bytes = noise('buffers', 16 * 1024 * 1024)
  const digest = sha256(bytes)
  const body = new Uint8Array(bytes)
  const pushed = await fetch(`${url}/v2/soak/buffers/blobs/uploads/?digest=${digest}`, {
    method: 'POST',
    body,
  })
  if (pushed.status !== 201) throw new Error(`the blob of the buffers: ${pushed.status}`)
  const blob = `${url}/v2/soak/buffers/blobs/${digest}`
  // Each holds a buffer until its client reads on, which none does before all have begun.
  const answers = await Promise.all(Array.from({ length: 48 }, () => fetch(blob)))
  await Promise.all(answers.map((answer) => answer.arrayBuffer()))
}

/** Without the first third, in which caches fill and the program is compiled. */
function steady<T>(samples: readonly T[]): readonly T[] {
  return samples.slice(Math.floor(samples.length / 3))
}

function said({ perHour, uncertainty }: { perHour: number; uncertainty: number }): string {
  return `${perHour.toFixed(2)} ± ${uncertainty.toFixed(2)}`
}
