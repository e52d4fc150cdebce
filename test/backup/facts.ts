import type { GenerationFacts } from '../../adapters/backup/generation.ts'
import type { CopiedMoment } from '../../adapters/backup/make-backup.ts'
import type { Reading } from '../../adapters/backup/open-generation.ts'

/** What a generation that a test made says of itself. */
export function factsOfTest(
  { problems, copiedBytes }: CopiedMoment,
  reading: Reading,
): GenerationFacts {
  const lacking = { count: problems.length, some: [] }
  const at = new Date().toISOString()
  const whole = problems.length === 0
  return { format: 1, at, source: 'a test', whole, lacking, copiedBytes, ...reading }
}
