import type { SqlDriver } from '../../adapters/postgres/index.ts'

/** A driver whose transactions wait before they commit, once they have done everything else. */
export interface HeldDriver extends SqlDriver {
  /** Has the next transaction wait; resolves, when it does, with what lets it go on. */
  holdNext(): Promise<() => void>
  /** Has the next transaction commit, and its caller see a connection that ended. */
  loseNext(): void
}

/** Lets a test stand between the last statement of a transaction and its commit, and between that and its answer. */
export function heldDriver(driver: SqlDriver): HeldDriver {
  let held: ((release: () => void) => void) | null = null
  let isLost = false
  return {
    ...driver,
    holdNext: () =>
      new Promise((resolve) => {
        held = resolve
      }),
    loseNext() {
      isLost = true
    },
    async transaction(work) {
      const [tell, lose] = [held, isLost]
      held = null
      isLost = false
      const result = await driver.transaction(async (query) => {
        const value = await work(query)
        if (tell !== null) await new Promise<void>((release) => tell(release))
        return value
      })
      if (lose) throw Object.assign(new Error('the connection ended'), { code: 'ECONNRESET' })
      return result
    },
  }
}
