import { Random } from '../disk/simulation/random.ts'
import { ImagePusher } from './image-pusher.ts'
import { floorsOf, type Sample, sampleOf, slopeOf } from './process-samples.ts'
import type { Proof } from './proof.ts'
import { Server } from './server.ts'

const workers = 8
/** A registry that gets all it can take shows its speed; this is a busy day at a steady pace. */
const askedPerSecond = 80
const sampleEveryMs = 1000
/** Growth that is allowed, in MiB an hour. */
const mostGrowth = 1
/** Caches that fill are no leak. */
const manifestCacheBytes = 4 * 1024 * 1024
/** In a run of less than ten minutes a program still compiles itself: what it may grow by, in MiB. */
const warmUpMib = 40

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
    })
    const violations: string[] = []
    const began = performance.now()
    const end = began + length * 60_000
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
    const samples: Sample[] = []
    const sampling = setInterval(() => {
      try {
        samples.push(sampleOf(server.pid, began))
      } catch (error) {
        violations.push(`no sample: ${error}`)
      }
    }, sampleEveryMs)
    const work = async (pusher: ImagePusher): Promise<void> => {
      while (performance.now() < end && violations.length < 20) {
        await pusher.turn().catch((error) => violations.push(`${error}`))
      }
    }
    try {
      await Promise.all(pushers.map(work))
      clearInterval(sampling)
      const steady = samples.slice(Math.floor(samples.length / 3))
      const { perHour, uncertainty } = slopeOf(steady)
      const warmUp = length < 10 ? warmUpMib / ((length * 2) / 3 / 60) : 0
      if (perHour - uncertainty > mostGrowth + warmUp) {
        violations.push(`memory grows by ${perHour.toFixed(1)} ± ${uncertainty.toFixed(1)} MiB/h`)
      }
      const [first, last] = [steady.slice(0, steady.length / 2), steady.slice(steady.length / 2)]
      const most = (some: readonly Sample[]): number =>
        Math.max(...some.map(({ descriptors }) => descriptors))
      if (most(last) > most(first) + workers) {
        violations.push(`${most(first)} descriptors grew to ${most(last)}`)
      }
      const before = asked
      for (const pusher of pushers) {
        await pusher.checkAll().catch((error) => violations.push(`at the end: ${error}`))
      }
      const mib = pushers.reduce((sum, { hashed }) => sum + hashed, 0) / 1024 / 1024
      const floors = floorsOf(samples).map(({ mib: each }) => each.toFixed(0))
      const highest = Math.max(...steady.map(({ mib: each }) => each))
      const text = [
        `${before} requests in ${length} minutes, ${mib.toFixed(0)} MiB read and hashed`,
        `memory ${perHour.toFixed(1)} ± ${uncertainty.toFixed(1)} MiB/h at most ${highest.toFixed(0)} MiB (least of each tenth: ${floors.join(' ')})`,
        `descriptors at most ${most(first)}, then ${most(last)}`,
      ]
      return { text: text.join(', '), violations }
    } finally {
      clearInterval(sampling)
      if (server.output.length > 0 && violations.length > 0) {
        process.stdout.write(server.output.slice(-2000))
      }
      await server.remove()
    }
  },
}
