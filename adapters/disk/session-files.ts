import { type NoticeSink, parseUploadId, type UploadId } from '../../src/index.ts'
import type { Files } from './files.ts'
import type { Layout } from './layout.ts'
import { longestSession, parseSession, type SessionRecord } from './session-file.ts'
import { parseLine } from './session-lines.ts'
import type { BlobPlace } from './store-marker.ts'
import { readFile, readText } from './whole-files.ts'

/** Files looked at at the same time. */
const atOnce = 16
/** Staged bytes, or what stores of formats 1 and 2 had: a session, or one not yet in place. */
const ownName = /^([0-9a-f-]{36})(\.json(?:\.[0-9]+\.new)?)?$/
const logName = /^sessions\.([1-9][0-9]{0,14})$/

/** What {@link findSessions} looks at. */
export interface SessionFilesDeps {
  readonly files: Files
  readonly layout: Layout
  readonly onNotice: NoticeSink
  /** Changes with every start of the machine; null where that cannot be told. */
  readonly boot: string | null
  /** Where the bytes of the uploads are. */
  readonly blobs: BlobPlace
  readonly readOnly: boolean
}

/** The sessions an earlier process left. */
export interface FoundSessions {
  /** Those whose bytes are all there. */
  readonly records: readonly SessionRecord[]
  /** The number of the newest file of sessions; 0 where there is none. */
  readonly newest: number
  /** Removes the files they were in; to be called once they are kept elsewhere. */
  clear(): Promise<void>
}

/** Finds the sessions an earlier process left whole, and removes bytes that belong to none. */
export async function findSessions(deps: SessionFilesDeps): Promise<FoundSessions> {
  const { files, layout, readOnly, boot, onNotice } = deps
  const none = { records: [], newest: 0, clear: async () => {} }
  if (readOnly && (await files.stat(layout.uploads)) === null) return none
  const logs: number[] = []
  const staged: UploadId[] = []
  const spent: string[] = []
  const old: UploadId[] = []
  for await (const name of files.list(layout.uploads)) {
    const [, number] = logName.exec(name) ?? []
    if (number !== undefined) logs.push(Number(number))
    const [, text = '', kind] = ownName.exec(name) ?? []
    const id = parseUploadId(text)
    if (id === null) continue
    if (kind === undefined) staged.push(id)
    else spent.push(`${layout.uploads}/${name}`)
    if (kind === '.json') old.push(id)
  }
  logs.sort((a, b) => a - b)
  const sessions: Map<UploadId, SessionRecord | null> = new Map()
  await inTurns(old, async (id) => {
    const text = await readText(files, layout.session(id), longestSession).catch(() => '')
    const record = text === null ? null : parseSession(text, boot)
    sessions.set(id, record?.session.id === id ? record : null)
  })
  for (const number of logs) await readLog(deps, number, sessions)

  const records: SessionRecord[] = []
  await inTurns([...sessions], async ([id, record]) => {
    if (record !== null && (await hasBytes(deps, record))) records.push(record)
    else if (!readOnly) {
      const detail = 'an upload session without its bytes was dropped: its client starts again'
      onNotice({ kind: 'store-recovered', file: `uploads/${id}`, detail })
    }
  })
  const kept = new Set(records.map(({ session }) => session.id))
  if (!readOnly) {
    await inTurns(staged, async (id) => {
      if (!kept.has(id)) await files.unlink(layout.staged(id))
    })
  }
  return {
    records: records.sort((a, b) => a.savedAt - b.savedAt),
    newest: logs.at(-1) ?? 0,
    async clear() {
      await inTurns([...spent, ...logs.map((number) => layout.sessions(number))], async (path) => {
        await files.unlink(path)
      })
    },
  }
}

/** A line that is not whole was never acknowledged, or is lost: its client starts again. */
async function readLog(
  { files, layout, boot }: SessionFilesDeps,
  number: number,
  sessions: Map<UploadId, SessionRecord | null>,
): Promise<void> {
  const take = (text: string): void => {
    const line = parseLine(text, boot)
    if (line?.kind === 'gone') sessions.delete(line.id)
    if (line?.kind !== 'session') return
    const { id } = line.record.session
    // In the order of their last change.
    sessions.delete(id)
    sessions.set(id, line.record)
  }
  const decoder = new TextDecoder()
  let rest = ''
  for await (const piece of readFile(files, layout.sessions(number))) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) take(line)
    // No line is as long as that: it is no file of ours.
    if (rest.length > 2 * longestSession) rest = ''
  }
}

async function hasBytes(
  { files, layout, blobs }: SessionFilesDeps,
  { session }: SessionRecord,
): Promise<boolean> {
  const { id, stage, committed } = session
  if (stage === null || committed !== null || blobs === 'elsewhere') return true
  if (typeof stage.content === 'string') return true
  const stat = await files.stat(layout.staged(id))
  return stat !== null && stat.kind === 'file' && stat.size >= stage.size
}

/** Does the same work for each item, for sixteen at a time. */
async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values()
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
