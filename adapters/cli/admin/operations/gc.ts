import * as v from 'valibot'
import type { GarbageReport } from '../../../../src/index.ts'
import { countText, sizeText } from '../../copy/amounts.ts'
import { entry } from '../../help-entry.ts'
import type { Operation } from '../operation.ts'

interface GcInput {
  readonly dropEmpty: boolean
}

/** `layerdock gc`: collects garbage. */
export const gc: Operation<GcInput, GarbageReport, GarbageReport> = {
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
  run: ({ dropEmpty }, { registry, signal, tell }) =>
    registry.collectGarbage({ emptyRepositories: dropEmpty, signal, onProgress: tell }),
  progressText: ({ blobs, bytes }) => `freed ${sizeText(bytes)}: ${countText(blobs)} blobs so far`,
  text({ blobs, bytes, repositories }) {
    const freed = `freed ${sizeText(bytes)}: ${countText(blobs)} ${blobs === 1 ? 'blob' : 'blobs'}\n`
    return repositories === 0
      ? freed
      : `${freed}dropped ${countText(repositories)} empty repositories\n`
  },
}
