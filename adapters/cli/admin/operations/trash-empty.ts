import * as v from 'valibot'
import type { RepositoryName } from '../../../../src/index.ts'
import { countText } from '../../copy/amounts.ts'
import type { Operation } from '../operation.ts'
import { operatorCall } from '../operator-call.ts'
import { expectTrash, repositoryIn, repositorySchema } from './trash-words.ts'

interface EmptyInput {
  readonly repository: RepositoryName | null
}

interface Emptied {
  /** How many entries were ended. */
  readonly entries: number
}

/** Entries that are ended in one step. */
const step = 100

/** `layerdock trash empty`: ends entries before their time. */
export const trashEmpty: Operation<EmptyInput, Emptied, Emptied> = {
  name: 'trash empty',
  help: `layerdock trash empty: delete for good what could still be restored, for a full disk.

  layerdock trash empty               # everything
  layerdock trash empty team/app      # what was deleted from a repository, or with it
  layerdock gc                        # then frees the bytes

It cannot be restored after that.
`,
  words: ['REPOSITORY?'],
  input: v.strictObject({ repository: v.nullable(repositorySchema) }),
  inputOf: ({ words: [repository] }) => ({
    repository: repository === undefined ? null : repositoryIn(repository),
  }),
  changes: () => true,
  async run({ repository }, { registry, stores, signal, tell }) {
    expectTrash(stores)
    const { metadata } = stores
    const call = operatorCall('trash')
    let entries = 0
    for (let more = true; more; ) {
      signal.throwIfAborted()
      if (repository === null) {
        const ended = (await metadata.dropTrash?.('all', step)) ?? 0
        entries += ended
        more = ended === step
      } else {
        const page = await registry.unrestricted.listTrash(call, { limit: step }, repository)
        const ids = page.items.map(({ id }) => id)
        entries += ids.length === 0 ? 0 : ((await metadata.dropTrash?.(ids, step)) ?? 0)
        more = page.more
      }
      tell({ entries })
    }
    return { entries }
  },
  progressText: ({ entries }) => `${countText(entries)} entries so far`,
  text: ({ entries }) =>
    entries === 0
      ? 'the trash was empty\n'
      : `gave up ${countText(entries)} ${entries === 1 ? 'entry' : 'entries'}; layerdock gc frees the bytes\n`,
}
