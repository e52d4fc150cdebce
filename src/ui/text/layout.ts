/** What the frame of every page says. */
export interface LayoutText {
  readonly skip: string
  readonly menu: string
  readonly place: string
  readonly foot: string
  readonly json: string
  readonly copy: string
  readonly copied: string
  readonly search: string
  readonly pages: string
  readonly next: string
  readonly first: string
  /** What a view says that has changed by itself. */
  readonly updated: string
  /** The button that shows changes, where a view waits for it. */
  readonly show: string
}
