import type { Access } from 'layerdock'
import { testRegistry } from 'layerdock/testing'
import { createUi } from 'layerdock/ui'
import { describe, expect, test } from 'vitest'
import { pushSamples } from './registry.ts'

/** Lets everybody read `team/app`, but for tags that begin with `v2`. */
const access: Access = {
  authenticate: async () => null,
  authorize: async (_, asks) =>
    asks.map(({ repository, reference }) => {
      const isHidden = reference?.kind === 'tag' && reference.tag.startsWith('v2')
      return repository === 'team/app' && !isHidden ? 'allow' : 'deny'
    }),
  challenge: () => 'Basic realm="test"',
}

describe('what a viewer may not read', () => {
  test('is not there, whatever it is asked for by', async () => {
    const registry = testRegistry({ access })
    await pushSamples({ push: registry.push } as never)
    const ui = createUi(registry, { access })
    const ask = async (path: string): Promise<string> => {
      const headers = { Accept: 'application/json' }
      const response = await ui.fetch(
        new Request(`http://registry.test/_layerdock/${path}`, { headers }),
      )
      const { errors } = (await response.json()) as { errors?: readonly { code: string }[] }
      return `${response.status} ${errors?.[0]?.code ?? 'shown'}`
    }
    expect(await ask('repositories/team/app:v1')).toBe('200 shown')
    expect(await ask('compare/team/app?from=v1&to=amd')).toBe('200 shown')
    const hidden = await ask('repositories/team/app:v2')
    expect(hidden).not.toContain('200')
    expect(await ask('repositories/team/app:v2-none')).toBe(hidden)
    expect(await ask('repositories/team/file:v1')).toBe(await ask('repositories/team/none:v1'))
    for (const query of ['from=v1&to=v2', 'from=v2&to=v1', 'from=v2']) {
      expect(await ask(`compare/team/app?${query}`)).not.toContain('200')
    }
    expect(await ask('compare/team/file')).toBe(await ask('compare/team/none'))
  })
})
