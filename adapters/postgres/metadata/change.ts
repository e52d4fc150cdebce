import type { Digest } from '../../../src/index.ts'
import type { Wanted } from './load.ts'
import type { View } from './view.ts'

/** A change that may share a transaction with others. */
export interface Change<T> {
  readonly wanted: Wanted
  /** Digests of the first of its repositories that it has to know as well, as the first look shows. */
  also?(view: View): readonly Digest[]
  /** Changes the view, or throws before it changes anything. */
  make(view: View): T
}
