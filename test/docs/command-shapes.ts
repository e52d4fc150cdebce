import { operationShape } from '../../adapters/cli/admin/operation-command.ts'
import { operations } from '../../adapters/cli/admin/operations.ts'
import { backupShape } from '../../adapters/cli/backup-command.ts'
import { copyShape } from '../../adapters/cli/copy-command.ts'
import { exportShape } from '../../adapters/cli/export-command.ts'
import { importShape } from '../../adapters/cli/import-command.ts'
import { checkShape, explainShape } from '../../adapters/cli/policy-command.ts'
import { restoreShape } from '../../adapters/cli/restore-command.ts'
import { retentionCheckShape } from '../../adapters/cli/retention/retention-command.ts'
import { tokenShape } from '../../adapters/cli/token-command.ts'
import { userShape } from '../../adapters/cli/user-command.ts'
import type { WordsShape } from '../../adapters/cli/words.ts'

/** What each command takes, by its words after `layerdock`; all but `serve` and `recover`, which take settings. */
export async function commandShapes(): Promise<ReadonlyMap<string, WordsShape>> {
  const known = await Promise.all([...operations.values()].map(({ load }) => load()))
  const shapes = [
    ...[backupShape, copyShape, exportShape, importShape, restoreShape],
    ...[checkShape, explainShape, retentionCheckShape],
    ...['add', 'passwd', 'remove', 'list'].map(userShape),
    ...['create', 'list', 'revoke'].map(tokenShape),
    ...known.map(operationShape),
  ]
  return new Map(shapes.map((shape) => [shape.command.replace(/^layerdock /, ''), shape]))
}
