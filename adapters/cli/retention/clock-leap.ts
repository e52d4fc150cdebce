import type { KeyStore } from '../../../src/access/index.ts'

const dayMs = 24 * 60 * 60 * 1000
/** A server that was off for a week, or whose clock leapt so far, waits for one turn before it deletes. */
const leapMs = 7 * dayMs

/** How long ago the last turn was, where that is too long to be believed at once; notes this one. */
export async function leapOf(note: KeyStore, now: number, everyMs: number): Promise<number | null> {
  const text = await note.read()
  const last = text === null ? null : turnIn(text)
  await note.replace(text, `${JSON.stringify({ at: now })}\n`)
  if (last === null || now - last <= Math.max(leapMs, 3 * everyMs)) return null
  return now - last
}

function turnIn(text: string): number | null {
  try {
    const { at } = JSON.parse(text) as { readonly at?: unknown }
    return typeof at === 'number' ? at : null
  } catch {
    return null
  }
}
