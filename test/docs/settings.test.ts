import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { settingsPage } from './settings-page.ts'

test('docs/settings.md has every setting; npm run docs writes it', async () => {
  const path = fileURLToPath(new URL('../../docs/settings.md', import.meta.url))
  await expect(settingsPage()).toMatchFileSnapshot(path)
})
