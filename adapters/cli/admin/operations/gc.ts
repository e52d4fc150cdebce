import * as v from 'valibot'
import type { GarbageReport } from '../../../../src/index.ts'
import { countText, sizeText } from '../../copy/amounts.ts'
import { entry } from '../../help-entry.ts'
import type { Operation } from '../operation.ts'

interface GcInput {
  readonly dropEmpty: boolean
}

interface GcResult extends GarbageReport {
  /** Room that deleted blobs still took in files that hold many, in bytes. */
  readonly compacted: number
}

/** `layerdock gc`: collects garbage. */
export const gc: Operation<GcInput, GcResult, GarbageReport> = {
  name: 'gc',
  help: `layerdock gc: delete the bytes of what nothing names any more.

  layerdock gc
  layerdock gc --drop-empty

What a manifest names stays, and so does what was pushed, mounted or confirmed within the server's --lease.
Clients go on pushing and pulling meanwhile.

${entry('--drop-empty', 'drop repositories that hold nothing, too')}
`,
  flags: { 'drop-empty': null },
  input: v.strictObject({ dropEmpty: v.boolean() }),
  inputOf: ({ switches }) => ({ dropEmpty: switches.has('drop-empty') }),
  changes: () => true,
  async run({ dropEmpty }, { registry, signal, tell }) {
    const how = { emptyRepositories: dropEmpty, signal, onProgress: tell }
    const freed = await registry.collectGarbage(how)
    return { ...freed, compacted: await registry.compactBytes() }
  },
  progressText: ({ blobs, bytes }) => `freed ${sizeText(bytes)}: ${countText(blobs)} blobs so far`,
  text({ blobs, bytes, repositories, compacted }) {
    const lines = [
      `freed ${sizeText(bytes)}: ${countText(blobs)} ${blobs === 1 ? 'blob' : 'blobs'}`,
    ]
    if (compacted > 0) lines.push(`gave back ${sizeText(compacted)} of files that hold small blobs`)
    if (repositories > 0) lines.push(`dropped ${countText(repositories)} empty repositories`)
    return lines.map((line) => `${line}\n`).join('')
  },
}
