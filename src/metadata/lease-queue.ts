/** What a {@link LeaseQueue} orders. */
export interface Leased {
  /** In the store's own time, in milliseconds. */
  keepUntil: number
  /** Where the queue has it; -1 while it is in none. The queue's own. */
  heapIndex: number
}

/**
 * What may be collected, by the end of its lease: a binary heap whose members know where they are, so
 * that each can leave, or have its lease changed, without a search.
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

  /**
   * Members whose lease ends by then, in no order. While the queue changes, some may be passed over, or come twice.
   */
  *endingBy(time: number): Generator<T> {
    const places = [0]
    for (let place = places.pop(); place !== undefined; place = places.pop()) {
      const member = this.#heap[place]
      if (member === undefined || member.keepUntil > time) continue
      places.push(2 * place + 1, 2 * place + 2)
      yield member
    }
  }

  /** Adds a member; harmless when it is there. */
  add(member: T): void {
    if (member.heapIndex !== -1) return
    member.heapIndex = this.#heap.length
    this.#heap.push(member)
    this.#rise(member)
  }

  /** Takes a member out; harmless when it is not there. */
  remove(member: T): void {
    const place = member.heapIndex
    if (place === -1) return
    member.heapIndex = -1
    const last = this.#heap.pop()
    if (last === undefined || last === member) return
    last.heapIndex = place
    this.#heap[place] = last
    this.#rise(last)
    this.#sink(last)
  }

  /** Changes the end of a lease, of members and of others alike. */
  move(member: T, keepUntil: number): void {
    const isLater = keepUntil > member.keepUntil
    member.keepUntil = keepUntil
    if (member.heapIndex === -1) return
    if (isLater) this.#sink(member)
    else this.#rise(member)
  }

  #rise(member: T): void {
    let place = member.heapIndex
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
    let place = member.heapIndex
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
      const childPlace = child.heapIndex
      this.#put(child, place)
      place = childPlace
    }
    this.#put(member, place)
  }

  #put(member: T, place: number): void {
    member.heapIndex = place
    this.#heap[place] = member
  }
}
