import type { Page } from 'playwright-core'

/** One view of each kind, and of each state it can be in. */
export const views: readonly string[] = [
  '/',
  '/?q=api',
  '/?q=nothing-has-this-name',
  '/?sort=size',
  '/_layerdock/repositories/platform/api',
  '/_layerdock/repositories/platform/api?q=v1&sort=version',
  '/_layerdock/repositories/platform/api?q=nothing',
  '/_layerdock/repositories/platform/api?tab=untagged',
  '/_layerdock/repositories/platform/api?tab=about',
  '/_layerdock/repositories/platform/nothing',
  '/_layerdock/repositories/platform/api:v2.0.0',
  '/_layerdock/repositories/platform/api:v2.0.0?view=referrers',
  '/_layerdock/repositories/platform/api:v2.0.0?view=raw',
  '/_layerdock/repositories/platform/api:nothing',
  '/_layerdock/repositories/charts/shop:2.4.1',
  '/_layerdock/repositories/models/reviews:2026-11',
  '/_layerdock/compare/platform/api?from=v1.12.0&to=v2.0.0',
  '/_layerdock/compare/platform/api',
  '/_layerdock/delete/platform/api:v1.3.0',
  '/_layerdock/delete/platform/api?reference=v2&reference=v1.0.0',
  '/_layerdock/delete/tools/linter',
  '/_layerdock/trash',
  '/_layerdock/nowhere',
]

/** Looks at each of these views; what is found, by its path. */
export async function lookAtAll(
  page: Page,
  origin: string,
  paths: readonly string[],
  find: (page: Page) => Promise<readonly string[]>,
): Promise<Record<string, readonly string[]>> {
  const found: Record<string, readonly string[]> = {}
  for (const path of paths) {
    await page.goto(`${origin}${path}`)
    const faults = await find(page)
    if (faults.length > 0) found[path] = faults
  }
  return found
}
