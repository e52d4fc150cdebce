/** What a {@link LeaseQueue} orders. */
export interface Leased {
  /** Milliseconds since the epoch. */
  keepUntil: number
  /** Where the queue has it; -1 while it is in none. The queue's own. */
  place: number
}

/**
 * What may be collected, by the end of its lease: a binary heap whose members know their place, so
 * that each can leave, or have its lease extended, without a search.
 */
export class LeaseQueue<T extends Leased> {
  readonly #heap: T[] = []

  /** How many wait. */
  get size(): number {
    return this.#heap.length
  }

  /** The member whose lease ends first. */
  first(): T | undefined {
    return this.#heap[0]
  }

  /** Adds a member; harmless when it is there. */
  add(member: T): void {
    if (member.place !== -1) return
    member.place = this.#heap.length
    this.#heap.push(member)
    this.#rise(member)
  }

  /** Takes a member out; harmless when it is not there. */
  remove(member: T): void {
    const place = member.place
    if (place === -1) return
    member.place = -1
    const last = this.#heap.pop()
    if (last === undefined || last === member) return
    last.place = place
    this.#heap[place] = last
    this.#rise(last)
    this.#sink(last)
  }

  /** Extends a lease; never shortens one. Of members and of others alike. */
  extend(member: T, keepUntil: number): void {
    if (keepUntil <= member.keepUntil) return
    member.keepUntil = keepUntil
    if (member.place !== -1) this.#sink(member)
  }

  #rise(member: T): void {
    let place = member.place
    while (place > 0) {
      const above = (place - 1) >>> 1
      const parent = this.#heap[above] as T
      if (parent.keepUntil <= member.keepUntil) break
      this.#put(parent, place)
      place = above
    }
    this.#put(member, place)
  }

  #sink(member: T): void {
    const size = this.#heap.length
    let place = member.place
    for (;;) {
      const left = 2 * place + 1
      if (left >= size) break
      const right = left + 1
      const leftChild = this.#heap[left] as T
      const rightChild = this.#heap[right]
      const child =
        rightChild !== undefined && rightChild.keepUntil < leftChild.keepUntil
          ? rightChild
          : leftChild
      if (member.keepUntil <= child.keepUntil) break
      const childPlace = child.place
      this.#put(child, place)
      place = childPlace
    }
    this.#put(member, place)
  }

  #put(member: T, place: number): void {
    member.place = place
    this.#heap[place] = member
  }
}
