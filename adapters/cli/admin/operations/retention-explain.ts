import * as v from 'valibot'
import type { RepositoryName } from '../../../../src/index.ts'
import { type Explanation, retention } from '../../../../src/retention/index.ts'
import { countText } from '../../copy/amounts.ts'
import { entry } from '../../help-entry.ts'
import { explanationLines } from '../../retention/retention-text.ts'
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

interface ExplainInput extends PoliciesInput {
  readonly repository: RepositoryName
  /** Say only what goes. */
  readonly going: boolean
}

interface Explained {
  /** The first of them: at most 10,000. */
  readonly explanations: readonly Explanation[]
  readonly staying: number
  readonly going: number
}

const mostExplained = 10_000

/** `layerdock retention explain`: says what a policy keeps in a repository, and why. */
export const retentionExplain: Operation<ExplainInput, Explained> = {
  name: 'retention explain',
  help: `layerdock retention explain: say of each tag and manifest of a repository whether it stays, and by which rule.

  layerdock retention explain team/app
  layerdock retention explain team/app --retention retention.json --going

Nothing is deleted. layerdock retention check FILE says what is wrong with a policy.

${entry('--going', 'only what would be deleted')}
${policyHelp}
`,
  words: ['REPOSITORY'],
  flags: { going: null, ...policyFlags },
  input: v.strictObject({ ...policyEntries, repository: repositorySchema, going: v.boolean() }),
  inputOf: (words) => ({
    ...policiesOf(words),
    repository: repositoryIn(words.words[0] ?? ''),
    going: words.switches.has('going'),
  }),
  changes: () => false,
  async run({ repository, going, ...policies }, tools) {
    const { registry, stores, signal } = tools
    const keeper = retention({ registry, stores, ...policiesFor(policies, tools) })
    const explanations: Explanation[] = []
    const counts = { staying: 0, going: 0 }
    for await (const one of keeper.explain(repository, signal)) {
      counts[one.isKept ? 'staying' : 'going'] += 1
      if (going && one.isKept) continue
      if (explanations.length < mostExplained) explanations.push(one)
    }
    return { explanations, ...counts }
  },
  text({ explanations, staying, going }) {
    const all = [
      ...explanationLines(explanations),
      `${countText(staying)} stay, ${countText(going)} go`,
    ]
    return all.map((line) => `${line}\n`).join('')
  },
}
