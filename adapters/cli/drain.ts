import type { Listening } from './listen.ts'
import type { Log } from './log.ts'
import type { Opened } from './open-registry.ts'

/** How long uploads may take to store what came of them, and their answers to be read. */
const suspendMs = 10_000
const answerMs = 1_000

/**
 * Lets requests in progress finish while new ones are refused. Uploads that do not are kept as far as they
 * came, and given back, so that another node, or the next start, goes on with them. Returns how many
 * connections were cut.
 */
export async function drained(
  serving: Listening,
  { registry }: Opened,
  deadlineMs: number,
  log: Log,
): Promise<number> {
  const began = performance.now()
  await serving.settle(deadlineMs)
  const late = new Promise<null>((resolve) => void setTimeout(resolve, suspendMs, null).unref())
  const suspended = await Promise.race([registry.suspendUploads(), late])
  if (suspended === null) log.to.warn('uploads under way were not given back in time')
  else if (suspended > 0) log.to.info({ uploads: suspended }, 'kept uploads under way')
  const left = deadlineMs - (performance.now() - began)
  return serving.close(Math.max(suspended === 0 ? 0 : answerMs, left))
}
