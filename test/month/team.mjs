// What a team does to its repositories in a day, and what is checked of them.
import { Dice } from '../clients/pusher.mjs'
import { blobOf, imageOf } from './image.mjs'

/**
 * @typedef {import('./repository.mjs').Repository} Repository
 * @typedef {import('./repository.mjs').Tagged} Tagged
 */

/** How many base images the team's images are built on. */
const bases = 3

export class Member {
  #serial = 0
  #dice

  /**
   * @param {object} given
   * @param {import('./client.mjs').Client} given.client
   * @param {import('./layerdock.mjs').Layerdock} given.layerdock
   * @param {readonly Repository[]} given.repositories its own: no other member changes them
   * @param {readonly string[]} given.others names of all, whose blobs may be mounted
   * @param {string} given.seed
   * @param {number} given.layerBytes the least size of a layer of its own
   * @param {(problem: string) => void} given.wrong
   */
  constructor({ client, layerdock, repositories, others, seed, layerBytes, wrong }) {
    this.client = client
    this.layerdock = layerdock
    this.repositories = repositories
    this.others = others
    this.seed = seed
    this.layerBytes = layerBytes
    this.wrong = wrong
    this.#dice = new Dice(seed)
    this.pushes = 0
    this.deletions = 0
    this.undeleted = 0
    this.checked = 0
  }

  /** @param {number} day @param {boolean} canUndelete */
  async work(day, canUndelete) {
    for (const repository of this.repositories) {
      await this.#push(repository, [
        [`nightly-${day}`, 'nightly'],
        ['latest', 'latest'],
      ])
      for (let count = this.#dice.next(3); count >= 0; count -= 1) {
        this.#serial += 1
        await this.#push(repository, [[`ci-${this.#serial}`, 'ci']])
      }
      if (this.#dice.next(5) === 0) await this.#release(repository, day)
      await this.#delete(repository)
      if (canUndelete && this.#dice.next(4) === 0) await this.#regret(repository)
      const kept = repository.mustHave()
      const tagged = kept[this.#dice.next(Math.max(kept.length, 1))]
      if (tagged !== undefined) await this.check(repository, tagged)
    }
  }

  /**
   * Pushes an image of a base that others have too, a layer of its own, and a small one.
   * @param {Repository} repository
   * @param {ReadonlyArray<readonly [tag: string, kind: import('./repository.mjs').Kind]>} tags
   */
  async #push(repository, tags) {
    this.pushes += 1
    const name = `${this.seed}/${this.pushes}`
    const base = this.#dice.next(bases)
    const layers = [
      blobOf(`base ${base}`, 3 * this.layerBytes),
      blobOf(`${name} layer`, this.layerBytes + this.#dice.next(this.layerBytes)),
      blobOf(`${name} files`, 2_000),
    ]
    const image = imageOf(name, layers)
    const from = this.others[this.#dice.next(this.others.length)]
    await this.client.push(
      repository.name,
      image,
      tags.map(([tag]) => tag),
      from,
    )
    repository.pushed(image, tags)
    return image
  }

  /** A version, and its signature. @param {Repository} repository @param {number} day */
  async #release(repository, day) {
    const image = await this.#push(repository, [[`v1.${day}.0`, 'release']])
    const artifactType = 'application/vnd.example.signature'
    const layer = blobOf(`${this.seed}/${this.pushes} signature`, 300)
    const signature = imageOf(`${this.seed}/${this.pushes} signed`, [layer], {
      artifactType,
      subject: image,
    })
    await this.client.push(repository.name, signature, [])
    repository.signed(image, signature)
  }

  /** A tag, or an image by its digest, is deleted for good. @param {Repository} repository */
  async #delete(repository) {
    const found = this.#one(repository, ({ kind }) => kind === 'ci' || kind === 'nightly')
    if (found === undefined || this.#dice.next(2) === 0) return
    this.deletions += 1
    if (this.#dice.next(2) === 0) {
      await this.client.remove(`/v2/${repository.name}/manifests/${found.tag}`)
      repository.deleted(({ tag }) => tag === found.tag)
      return
    }
    const { digest } = found.image
    await this.client.remove(`/v2/${repository.name}/manifests/${digest}`)
    repository.deleted(({ image }) => image.digest === digest, { images: true })
  }

  /** Something is deleted by mistake, and brought back. @param {Repository} repository */
  async #regret(repository) {
    const found = this.#one(repository, ({ kind }) => kind === 'nightly' || kind === 'release')
    if (found === undefined) return
    this.undeleted += 1
    const { name } = repository
    const { tag, image } = found
    const how = this.#dice.next(3)
    const [path, undelete, which] =
      how === 0
        ? [
            `/v2/${name}/manifests/${tag}`,
            `${name}:${tag}`,
            (/** @type {Tagged} */ at) => at.tag === tag,
          ]
        : how === 1
          ? [
              `/v2/${name}/manifests/${image.digest}`,
              `${name}@${image.digest}`,
              (/** @type {Tagged} */ at) => at.image.digest === image.digest,
            ]
          : [`/v2/_layerdock/repositories/${name}`, name, () => true]
    const back = repository.mustHave().filter(which)
    await this.client.remove(path)
    const takeBack = repository.deleted(which, { images: how > 0 })
    await this.layerdock.result(['undelete', undelete]).catch((error) => {
      // Brought back by a server that was killed before it said so: then it is there.
      if (!`${error}`.includes('is not in the trash')) throw error
    })
    takeBack()
    for (const tagged of back) await this.check(repository, tagged)
  }

  /** @param {Repository} repository @param {(tagged: Tagged) => boolean} which */
  #one(repository, which) {
    const all = repository.mustHave().filter(which)
    return all[this.#dice.next(Math.max(all.length, 1))]
  }

  /** @param {Repository} repository @param {Tagged} tagged */
  async check(repository, tagged) {
    this.checked += 1
    for (const problem of await problemsOf(this.client, repository, tagged)) this.wrong(problem)
  }
}

/**
 * What is wrong with an image and its signatures, which are pulled whole.
 * @param {import('./client.mjs').Client} client
 * @param {Repository} repository
 * @param {Tagged} tagged
 * @returns {Promise<readonly string[]>}
 */
export async function problemsOf(client, repository, { tag, image }) {
  const { name } = repository
  const problems = [await client.check(name, tag, image)]
  const signatures = repository.signaturesOf(image)
  const listed = signatures.length === 0 ? [] : await client.referrers(name, image.digest)
  for (const { digest, ...signature } of signatures) {
    if (!listed.includes(digest)) problems.push(`${name}:${tag}: its signature is not listed`)
    problems.push(await client.check(name, digest, { digest, ...signature }))
  }
  return problems.flatMap((problem) => problem ?? [])
}
