import type { NoticeSink } from '../../src/index.ts'
import { type LogChoice, StoreDamaged } from '../../src/kit.ts'
import { syncDirectory } from './directory-sync.ts'
import type { Files, OpenFile } from './files.ts'
import type { Layout } from './layout.ts'
import type { Quarantine } from './quarantine.ts'

/** What adopting works with. */
export interface AdoptDeps {
  readonly files: Files
  readonly layout: Layout
  readonly quarantine: Quarantine
  readonly onNotice: NoticeSink
}

/** Puts a damaged file of the store's folder aside. */
export async function setAside(deps: AdoptDeps, name: string): Promise<void> {
  const moved = await deps.quarantine.move(`${deps.layout.root}/${name}`)
  deps.onNotice({ kind: 'store-recovered', file: name, detail: `damaged, kept as ${moved}` })
}

/** Opens the newest journal and makes what was chosen of it durable; what is beyond is kept aside. */
export async function adoptJournal(deps: AdoptDeps, choice: LogChoice): Promise<OpenFile> {
  const { files, layout } = deps
  const file = await files.open(layout.journal(choice.generation), 'ensure')
  try {
    if (file.size < choice.journalBytes) {
      const problem = `has ${file.size} bytes, and ${choice.journalBytes} were read from it`
      throw new StoreDamaged(`journal.${choice.generation}`, problem)
    }
    if (file.size > choice.journalBytes) await cutTail(deps, file, choice)
    // What a killed process left may be in memory alone, and what is served must be durable.
    await file.datasync()
    await syncDirectory(files, layout.root)
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

async function cutTail(deps: AdoptDeps, file: OpenFile, choice: LogChoice): Promise<void> {
  const name = `journal.${choice.generation}`
  const copy = await deps.quarantine.copyTail(file, name, choice.journalBytes)
  await file.truncate(choice.journalBytes)
  const bytes = file.size - choice.journalBytes
  const detail = `${bytes} bytes of an unfinished change, never acknowledged, kept as ${copy}`
  deps.onNotice({ kind: 'store-recovered', file: name, detail })
}
