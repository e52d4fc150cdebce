/**
 * How far work is that is done several pieces at a time: everything up to a place is done, though later pieces may
 * be done before earlier ones.
 */
export class Frontier<Place> {
  /** Pieces under way and those done behind them, in the order in which they began. */
  readonly #pieces: Array<{ readonly place: Place; isDone: boolean }> = []
  #done: Place

  /** @param begin the place before the first piece */
  constructor(begin: Place) {
    this.#done = begin
  }

  /** The last place up to which everything is done. */
  get done(): Place {
    return this.#done
  }

  /** Begins a piece that ends at a place; returns what says that it is done. */
  begin(place: Place): () => void {
    const piece = { place, isDone: false }
    this.#pieces.push(piece)
    return () => {
      piece.isDone = true
      let count = 0
      while (this.#pieces[count]?.isDone === true) count += 1
      const last = this.#pieces[count - 1]
      if (last === undefined) return
      this.#done = last.place
      this.#pieces.splice(0, count)
    }
  }
}
