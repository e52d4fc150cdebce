import type { NoticeSink } from '../ports/notices.ts'
import type { CompactionDeps } from './compaction.ts'
import { bury } from './outbox-changes.ts'
import { entryPage } from './outbox-pages.ts'

/** Messages that become dead letters in one step. */
const together = 1000

const reason = 'it waited in a folder that was copied, and the original may have delivered it'

/**
 * Makes dead letters of all that waits in a copy: what it was copied from has gone on, so an old copy must not send what
 * its receivers had long ago. Nothing is lost, for they can be sent again.
 */
export async function holdBack(
  { state, log, commit }: CompactionDeps,
  onNotice: NoticeSink,
): Promise<void> {
  let count = 0
  try {
    for (;;) {
      const buried = await commit.change((batch) => {
        const { items } = entryPage(state.outbox, { limit: together, state: 'waiting' })
        for (const entry of items) bury(batch, entry, 0, reason)
        return items.length
      })
      count += buried
      if (buried < together) break
    }
    await log.keepCopy?.()
  } catch (error) {
    // A disk without room: the next start does it.
    const task = 'holding back the messages of a copied folder'
    onNotice({ kind: 'background-failure', task, error, retried: true })
  }
  if (count === 0) return
  const detail = `the folder is a copy: what waited (${count}) became dead letters, which can be sent again`
  onNotice({ kind: 'store-recovered', file: 'outbox', detail })
}
