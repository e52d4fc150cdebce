/** A file of a store's own that is not what was written. */
export interface DamagedFile {
  /** As an operator sees it. */
  readonly file: string
  /** What is wrong with it. */
  readonly problem: string
  /** Whether the store needs it no more: it was written again from what the store knows. */
  readonly isRepaired: boolean
}

/** How files are inspected. */
export interface InspectOptions {
  /** Whether damaged ones are written again. */
  readonly repairs: boolean
  readonly signal?: AbortSignal | undefined
}

/** A store that keeps its names in files. */
export interface NameFiles {
  /**
   * Reads the store's own files again, beside everything else, as a start would. Takes about as long as that, and
   * little memory. Absent: the store has no files of its own.
   *
   * @returns those that are damaged, as two readings say
   * @throws what the signal aborts with; errors of the log
   */
  inspectFiles?(options: InspectOptions): Promise<readonly DamagedFile[]>
}
