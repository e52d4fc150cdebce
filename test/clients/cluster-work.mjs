// What each client does while nodes end: it pushes new images, moves a tag, and pulls back what it pushed.
import { rm } from 'node:fs/promises'
import { Layout } from './image.mjs'
import { Dice } from './pusher.mjs'

/** How often a command that failed is given again, which no client does by itself. */
const mostRepeats = 6
const repeatAfterMs = 500

/** What a client never may be told of things that are there. */
const unknown =
  /(?:BLOB|MANIFEST|MANIFEST_BLOB|BLOB_UPLOAD|NAME)_UNKNOWN|(?:blob|manifest|name|upload)\s+(?:unknown|not found)|\b404\b/i

/**
 * A name, with every digest that it may have now.
 * @typedef {object} Name
 * @property {string} repo
 * @property {string} tag
 * @property {Set<string>} may
 * @property {boolean} acknowledged whether it has to be there
 */

/**
 * @typedef {object} Count
 * @property {number} commands that were asked for
 * @property {number} first those that were done by the first command, with the client's own retries alone
 * @property {number} repeated commands that were given again
 */

/** Works through one client. */
export class Worker {
  /** @type {Map<string, Name>} */
  names = new Map()
  /** @type {{ push: Count, pull: Count }} */
  counts = {
    push: { commands: 0, first: 0, repeated: 0 },
    pull: { commands: 0, first: 0, repeated: 0 },
  }
  /** What may never be. @type {string[]} */
  violations = []
  /** What commands that failed said. @type {Map<string, number>} */
  complaints = new Map()
  /** @type {string[]} */
  #pulled = []

  /**
   * @param {object} given
   * @param {import('./cluster-clients.mjs').ClusterClient} given.client
   * @param {import('./context.mjs').Context} given.context
   * @param {string} given.seed
   * @param {number} given.largest the largest layer, in bytes
   */
  constructor({ client, context, seed, largest }) {
    this.client = client
    this.context = context
    this.largest = largest
    this.seed = seed
    this.dice = new Dice(seed)
  }

  /** Works until `done` says so. @param {() => boolean} done */
  async work(done) {
    const opened = await this.client.open(this.context)
    for (let serial = 1; !done(); serial += 1) {
      await this.#push(opened, serial)
      await this.#pull(opened)
    }
  }

  /**
   * @param {import('./cluster-clients.mjs').Opened} opened
   * @param {number} serial
   */
  async #push(opened, serial) {
    const image = await this.#image(`i${serial}`)
    const moves = serial % 3 === 0
    const name = this.#name(moves ? 'moving' : image.name)
    name.may.add(image.sample.root.digest)
    const pushing = () => opened.push(image, this.context.ref('app', name.tag))
    const digest = await this.#command('push', pushing, false)
    if (digest !== undefined) {
      name.may = new Set([digest])
      name.acknowledged = true
      this.#pulled = [name.tag, digest]
    }
    await rm(image.sample.dir, { recursive: true })
  }

  /** @param {import('./cluster-clients.mjs').Opened} opened */
  async #pull(opened) {
    const [tag, digest] = this.#pulled
    if (tag === undefined || digest === undefined) return
    await this.#command('pull', () => opened.pull(this.context.ref('app', tag), digest), true)
  }

  /**
   * Gives a command, and again while it fails.
   * @template T
   * @param {'push' | 'pull'} kind
   * @param {() => Promise<T>} command
   * @param {boolean} isThere whether all that it asks for is there
   * @returns {Promise<T | undefined>} undefined: it never succeeded
   */
  async #command(kind, command, isThere) {
    const count = this.counts[kind]
    count.commands += 1
    for (let repeats = 0; ; repeats += 1) {
      try {
        const result = await command()
        if (repeats === 0) count.first += 1
        return result
      } catch (error) {
        const said = error instanceof Error ? error.message : `${error}`
        const last = said.trim().split('\n').at(-1) ?? ''
        const short = last.replaceAll(/[0-9a-f]{16,}|[\w-]{60,}|\d+/g, '…').slice(-220)
        this.complaints.set(short, (this.complaints.get(short) ?? 0) + 1)
        if (isThere && unknown.test(said)) {
          this.violations.push(`${this.client.name} was told that it is not there: ${said}`)
        } else if (/UNKNOWN/.test(said)) {
          this.violations.push(`${this.client.name} was told of something unknown: ${said}`)
        }
        if (repeats === mostRepeats) {
          this.violations.push(`${this.client.name} never succeeded with a ${kind}: ${said}`)
          return undefined
        }
        count.repeated += 1
        await new Promise((resolve) => setTimeout(resolve, repeatAfterMs))
      }
    }
  }

  /** @param {string} tag @returns {Name} */
  #name(tag) {
    const repo = this.context.repo('app')
    const name = this.names.get(tag) ?? { repo, tag, may: new Set(), acknowledged: false }
    this.names.set(tag, name)
    return name
  }

  /**
   * An image of a layer that all have, and one of its own: small, of a few parts of a multipart upload, or between.
   * @param {string} name
   * @returns {Promise<import('./cluster-clients.mjs').Image>}
   */
  async #image(name) {
    const dir = this.context.path(name)
    const layout = await Layout.create(dir)
    const most = [20_000, this.largest >> 3, this.largest][this.dice.next(3)] ?? 0
    const own = await layout.addLayer(`${this.seed}-${name}`, 1 + this.dice.next(most))
    const root = await layout.addImage([await layout.addLayer('base', 200_000), own], 'amd64')
    await layout.tag('v1', root)
    return { name, sample: { dir, layout, root } }
  }
}
