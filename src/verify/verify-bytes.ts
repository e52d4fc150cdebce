import { inParallel } from '../copy/in-parallel.ts'
import type { NamedBytes } from '../ports/metadata-store.ts'
import { lookAt } from './look.ts'
import { itemsAfter, type Pass } from './pass.ts'
import { workOf } from './spread.ts'

/** Hashes the bytes of every digest that something names, in the order of digests. */
export async function verifyBytes(pass: Pass): Promise<void> {
  const { metadata, place, concurrency, patiently, progress, spread } = pass
  const named = itemsAfter(
    pass,
    (page) => metadata.listNamed(page),
    ({ digest }) => digest,
    place.after,
  )
  const inTime = async function* (): AsyncGenerator<NamedBytes> {
    for await (const item of named) {
      await spread.until(workOf(progress))
      yield item
    }
  }
  await inParallel(inTime(), concurrency, async (item) => {
    const end = place.begin(item.digest)
    await patiently(() => verifyOne(pass, item))
    progress.digests += 1
    pass.looked()
    await end()
  })
}

async function verifyOne(pass: Pass, { isMissing, ...ref }: NamedBytes): Promise<void> {
  const { blobs, findings, progress } = pass
  pass.signal?.throwIfAborted()
  let bytes = 0
  const sent = (count: number): void => {
    bytes += count
    progress.bytes += count
    pass.looked()
  }
  try {
    const look = await lookAt({ ...pass, from: blobs, sent }, ref, false)
    if (look.kind === 'wrong') {
      if (isMissing) await findings.stillWrong(ref, look.problem)
      else await findings.wrong(ref, look.problem)
    } else if (isMissing) await findings.found(ref)
    else if (look.kind === 'passing') progress.passing += 1
  } catch (error) {
    // It may be tried again, and is counted then.
    progress.bytes -= bytes
    throw error
  }
}
