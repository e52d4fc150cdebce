import * as v from 'valibot'
import type { Page, RepositoryName, TrashEntry } from '../../../../src/index.ts'
import { countText, sizeText, timeText } from '../../copy/amounts.ts'
import { entry as helpEntry } from '../../help-entry.ts'
import type { Operation } from '../operation.ts'
import { operatorCall } from '../operator-call.ts'
import { expectTrash, repositoryIn, repositorySchema } from './trash-words.ts'

interface ListInput {
  readonly repository: RepositoryName | null
  readonly after: string | null
}

/** Entries of one answer. */
const atOnce = 1000

/** `layerdock trash list`: what was deleted and can be restored. */
export const trashList: Operation<ListInput, Page<TrashEntry>> = {
  name: 'trash list',
  help: `layerdock trash list: show what was deleted and can be restored, the oldest first.

  layerdock trash list
  layerdock trash list team/app

It shows ${countText(atOnce)} at a time.

${helpEntry('--after ID', 'go on after this entry')}
`,
  words: ['REPOSITORY?'],
  flags: { after: 'ID' },
  input: v.strictObject({
    repository: v.nullable(repositorySchema),
    after: v.nullable(v.string()),
  }),
  inputOf: ({ words: [repository], values }) => ({
    repository: repository === undefined ? null : repositoryIn(repository),
    after: values.get('after')?.at(-1) ?? null,
  }),
  changes: () => false,
  async run({ repository, after }, { registry, stores }) {
    expectTrash(stores)
    const page = { limit: atOnce, ...(after === null ? {} : { after }) }
    return await registry.unrestricted.listTrash(
      operatorCall('trash'),
      page,
      repository ?? undefined,
    )
  },
  text({ items, more }) {
    if (items.length === 0) return 'the trash is empty\n'
    const lines = items.map(entryLine)
    const last = items.at(-1)
    if (more && last !== undefined) lines.push(`there are more: --after ${last.id} goes on`)
    return lines.map((line) => `${line}\n`).join('')
  },
}

function entryLine(entry: TrashEntry): string {
  const { kind, deletedAt, leftMs } = entry
  const when = new Date(deletedAt).toISOString().slice(0, 19).replace('T', ' ')
  const left = leftMs === 0 ? 'its time is over' : `${timeText(leftMs)} left`
  return [`${when}Z`, kind, nameOf(entry), left].join('\t')
}

/** What is typed to bring it back, and what came with it. */
function nameOf({
  kind,
  repository,
  digest,
  tag,
  tags,
  tagCount,
  size,
  counts,
}: TrashEntry): string {
  switch (kind) {
    case 'tag':
      return `${repository}:${tag}`
    case 'blob':
      return `${repository}@${digest} (${sizeText(size ?? 0)})`
    case 'manifest': {
      if (tagCount === 0) return `${repository}@${digest}`
      const more = tagCount > 3 ? `, and ${countText(tagCount - 3)} more` : ''
      return `${repository}@${digest} (${tags.slice(0, 3).join(', ')}${more})`
    }
    case 'repository':
      return counts === undefined
        ? repository
        : `${repository} (${countText(counts.manifests)} manifests, ${countText(counts.tags)} tags)`
  }
}
