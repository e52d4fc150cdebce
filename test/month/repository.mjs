// One repository of the team: what was done to it, and so what the policy keeps.

/** @typedef {import('./image.mjs').Image} Image */

/** Tags of a kind, of which the policy keeps the newest. @typedef {'nightly' | 'ci' | 'release' | 'latest'} Kind */

/**
 * @typedef {object} Tagged
 * @property {string} tag
 * @property {Kind} kind
 * @property {Image} image
 * @property {number} order of all pushes of the repository
 * @property {boolean} isDeleted whether a client deleted it and nobody brought it back
 */

/** How many tags of a kind the policy keeps. @typedef {Readonly<Record<'nightly' | 'ci', number>>} Newest */

export class Repository {
  #order = 0
  /** @type {Map<string, Tagged>} */
  #tags = new Map()
  /** Signatures: referrers of an image, by its digest. @type {Map<string, Image[]>} */
  #signatures = new Map()
  /** Every image that was pushed and not deleted by its digest. @type {Map<string, Image>} */
  #images = new Map()
  /** Tags that were deleted at some time, brought back or not. @type {Set<string>} */
  everDeleted = new Set()

  /**
   * @param {string} name
   * @param {Newest | null} newest null where there is no policy
   */
  constructor(name, newest) {
    this.name = name
    this.newest = newest
  }

  /** @param {Image} image @param {ReadonlyArray<readonly [tag: string, kind: Kind]>} tags */
  pushed(image, tags) {
    this.#images.set(image.digest, image)
    this.#order += 1
    for (const [tag, kind] of tags) {
      this.#tags.set(tag, { tag, kind, image, order: this.#order, isDeleted: false })
    }
  }

  /** @param {Image} subject @param {Image} signature */
  signed(subject, signature) {
    this.#signatures.set(subject.digest, [...this.signaturesOf(subject), signature])
    // Without a policy it stays when its subject is deleted.
    if (this.newest === null) this.#images.set(signature.digest, signature)
  }

  /** @param {Image} image @returns {readonly Image[]} */
  signaturesOf({ digest }) {
    return this.#signatures.get(digest) ?? []
  }

  /**
   * A client deleted these tags, and with `images` all that they stand for.
   * @param {(tagged: Tagged) => boolean} which
   * @param {{ images?: boolean }} [also]
   * @returns {() => void} takes it back, for what was undeleted
   */
  deleted(which, { images = false } = {}) {
    const gone = [...this.#tags.values()].filter((tagged) => !tagged.isDeleted && which(tagged))
    const lost = images ? gone.map(({ image }) => image) : []
    for (const tagged of gone) {
      tagged.isDeleted = true
      this.everDeleted.add(tagged.tag)
    }
    for (const { digest } of lost) this.#images.delete(digest)
    return () => {
      for (const tagged of gone) tagged.isDeleted = false
      for (const image of lost) this.#images.set(image.digest, image)
    }
  }

  /**
   * Tags that must be there: the policy keeps them, whenever it was applied. One that was deleted counts among the
   * newest, since it may have been there when it was.
   * @returns {Tagged[]}
   */
  mustHave() {
    return this.#kept(() => true).filter(({ isDeleted }) => !isDeleted)
  }

  /** Tags that may be there in the end: those that the policy keeps of what was not deleted. @returns {Tagged[]} */
  mayHave() {
    return this.#kept(({ isDeleted }) => !isDeleted)
  }

  /** @param {(tagged: Tagged) => boolean} counts @returns {Tagged[]} */
  #kept(counts) {
    const newest = this.newest
    const all = [...this.#tags.values()].filter(counts).sort((a, b) => b.order - a.order)
    if (newest === null) return all
    return all.filter((tagged) => {
      const { kind } = tagged
      if (kind !== 'nightly' && kind !== 'ci') return true
      return all.filter((other) => other.kind === kind).indexOf(tagged) < newest[kind]
    })
  }

  /**
   * The sizes of everything that is reachable, by digest: from tags that are there, with their signatures; without a
   * policy, from every image that was not deleted.
   * @param {readonly string[]} tags that are there
   * @returns {Map<string, number>}
   */
  reachable(tags) {
    const images =
      this.newest === null
        ? [...this.#images.values()]
        : tags.flatMap((tag) => this.#tags.get(tag)?.image ?? [])
    /** @type {Map<string, number>} */
    const sizes = new Map()
    for (const image of images.flatMap((image) => [image, ...this.signaturesOf(image)])) {
      sizes.set(image.digest, Buffer.byteLength(image.text))
      for (const { digest, size } of image.blobs) sizes.set(digest, size)
    }
    return sizes
  }
}
