import type { BackupSource } from '../../backup/make-backup.ts'
import { type OpenPlace, type OpenTools, openPlace } from '../copy/open-place.ts'
import type { Place } from '../copy/place.ts'

/** A registry that is backed up. */
export interface OpenSource extends BackupSource {
  /** For people. */
  readonly name: string
  /** When the last moment was. */
  openedAt(): Date
  close(): Promise<void>
}

/**
 * Opens what is backed up. A folder is opened again for each moment, beside its server if there is one: its names are
 * read into memory at once. A database is copied as it changes first, which takes long, and then, as it is at one
 * moment, in a transaction that is short.
 */
export async function openSource(place: Place, tools: OpenTools): Promise<OpenSource> {
  const first = await openPlace(place, 'running', tools)
  const name = first.parts.join(' and ')
  let at = new Date()
  let unused: OpenPlace | null = first
  return {
    name,
    openedAt: () => at,
    async open(pass) {
      const { oneMoment } = first
      if (oneMoment === undefined) {
        if (unused === null) at = new Date()
        const opened = unused ?? (await openPlace(place, 'running', tools))
        unused = null
        return { stores: opened.stores, isOneMoment: true, close: () => opened.close() }
      }
      unused = null
      if (pass === 1) return { stores: first.stores, isOneMoment: false, close: async () => {} }
      at = new Date()
      return { ...(await oneMoment()), isOneMoment: true }
    },
    async close() {
      await first.close()
    },
  }
}
