import * as v from 'valibot'
import { type TestOutcome, webhooksOf } from '../../../../src/webhooks/index.ts'
import { webhookTransport } from '../../../webhooks/index.ts'
import { CliError, exitCodes } from '../../exit.ts'
import { entry } from '../../help-entry.ts'
import { plain } from '../../plain-text.ts'
import { fileOf } from '../../webhooks/webhook-words.ts'
import type { Operation } from '../operation.ts'
import { repositoryIn } from './trash-words.ts'

interface TestInput {
  readonly endpoint: string
  readonly repository: string | null
  readonly tag: string | null
}

/** `layerdock webhook test`: sends an event that did not happen. */
export const webhookTest: Operation<TestInput, TestOutcome> = {
  name: 'webhook test',
  help: `layerdock webhook test: send an event that did not happen to an endpoint, once.

  layerdock webhook test flux
  layerdock webhook test kargo --repository team/app --tag 1.2.3

It is a push where the endpoint hears of pushes. It says whether the receiver took it.

${entry('--repository NAME', 'what it is about (layerdock/webhook-test)')}
${entry('--tag TAG', 'its tag (test)')}
${entry('--webhooks FILE', 'the file of webhooks; where a server answers, it uses its own')}
`,
  words: ['ENDPOINT'],
  flags: { repository: 'NAME', tag: 'TAG' },
  input: v.strictObject({
    endpoint: v.string(),
    repository: v.nullable(v.string()),
    tag: v.nullable(v.string()),
  }),
  inputOf({ words: [endpoint = ''], values }) {
    const repository = values.get('repository')?.at(-1)
    return {
      endpoint,
      repository: repository === undefined ? null : repositoryIn(repository),
      tag: values.get('tag')?.at(-1) ?? null,
    }
  },
  changes: () => false,
  async run({ endpoint, repository, tag }, { settings, onNotice }) {
    const { webhooks } = fileOf(settings)
    const hooks = webhooksOf(webhooks, { send: webhookTransport(), onNotice })
    const outcome = await hooks.test(endpoint, {
      ...(repository === null ? {} : { repository }),
      ...(tag === null ? {} : { tag }),
    })
    if (outcome !== null) return outcome
    const names = webhooks.endpoints.map(({ name }) => name).join(', ')
    throw new CliError(exitCodes.problem, [
      `${plain(endpoint, 100)}: there is no such endpoint; there are ${names}`,
    ])
  },
  text: ({ endpoint, origin, isDelivered, error }) =>
    isDelivered
      ? `${endpoint} (${origin}) took it\n`
      : `${endpoint} (${origin}) did not take it: ${error}\n`,
  exitCode: ({ isDelivered }) => (isDelivered ? exitCodes.ok : exitCodes.problem),
}
