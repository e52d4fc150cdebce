import * as v from 'valibot'
import { RegistryError, type RepositoryName } from '../../../../src/index.ts'
import { type RetentionReport, retention } from '../../../../src/retention/index.ts'
import { countText } from '../../copy/amounts.ts'
import { entry } from '../../help-entry.ts'
import { reportLines } from '../../retention/retention-text.ts'
import {
  type PoliciesInput,
  policiesFor,
  policiesOf,
  policyEntries,
  policyFlags,
  policyHelp,
} from '../../retention/retention-words.ts'
import type { Operation } from '../operation.ts'
import { repositoryIn, repositorySchema } from './trash-words.ts'

interface RunInput extends PoliciesInput {
  /** Null for all. */
  readonly repository: RepositoryName | null
  readonly dryRun: boolean
}

/** `layerdock retention run`: deletes by a policy, now. */
export const retentionRun: Operation<RunInput, RetentionReport, RetentionReport> = {
  name: 'retention run',
  help: `layerdock retention run: delete the tags and manifests that a policy does not keep, now.

  layerdock retention run --dry-run
  layerdock retention run team/app --retention retention.json

What is pushed or tagged meanwhile stays. What is deleted can be restored within the server's --trash-time (layerdock
undelete), and the next collection after that frees its bytes.

${entry('--dry-run', 'delete nothing; say what would be deleted, and how many bytes that would free')}
${policyHelp}
`,
  words: ['REPOSITORY?'],
  flags: { 'dry-run': null, ...policyFlags },
  input: v.strictObject({
    ...policyEntries,
    repository: v.nullable(repositorySchema),
    dryRun: v.boolean(),
  }),
  inputOf: (words) => ({
    ...policiesOf(words),
    repository: words.words[0] === undefined ? null : repositoryIn(words.words[0]),
    dryRun: words.switches.has('dry-run'),
  }),
  changes: ({ dryRun }) => !dryRun,
  run: async ({ repository, dryRun, ...policies }, tools) => {
    const { registry, stores, signal, tell } = tools
    if (repository !== null && !(await stores.metadata.hasRepository(repository))) {
      throw new RegistryError('nameUnknown', { detail: { name: repository } })
    }
    const only = repository === null ? {} : { repositories: [repository] }
    const keeper = retention({ registry, stores, ...policiesFor(policies, tools) })
    return await keeper.run({ dryRun, signal, onProgress: tell, ...only })
  },
  progressText: ({ looked, tags, manifests }) =>
    `${countText(looked)} repositories: ${countText(tags)} tags and ${countText(manifests)} manifests go`,
  text: (report, { dryRun }) =>
    reportLines(report, dryRun)
      .map((line) => `${line}\n`)
      .join(''),
}
