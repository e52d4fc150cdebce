import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { allNames } from '../../adapters/cli/metrics/names.ts'
import { metricsPage } from './metrics-page.ts'

test('docs/metrics.md has every metric; npm run docs writes it', async () => {
  const path = fileURLToPath(new URL('../../docs/metrics.md', import.meta.url))
  await expect(metricsPage()).toMatchFileSnapshot(path)
})

test('metrics have names of their own that say their unit, and help in whole sentences', () => {
  expect(new Set(allNames.map(({ name }) => name)).size).toBe(allNames.length)
  for (const { name, kind, help } of allNames) {
    expect(name).toMatch(/^(registry|process|layerdock)_[a-z0-9_]+$/)
    // distribution ends the name of one gauge in total.
    const isCounter = name.endsWith('_total') && name !== 'registry_notifications_pending_total'
    expect(isCounter, name).toBe(kind === 'counter')
    expect(help, name).toMatch(/^[A-Z0-9].*\.$/)
    expect(help, name).not.toMatch(/[|\n\\]/)
  }
})
