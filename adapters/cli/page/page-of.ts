import type { Front } from '../front.ts'
import type { Log } from '../log.ts'
import type { Settings } from '../settings.ts'
import type { OpenPage } from './page-door.ts'
import type { PageDeps } from './served-page.ts'

/** Makes the web page once it is asked for: most clients of a registry never do. */
export function pageOf(
  settings: Settings,
  log: Log,
  { front, ...deps }: Omit<PageDeps, 'settings' | 'condition'> & { readonly front: Front },
): OpenPage {
  return async () => {
    try {
      const { servedPage } = await import('./served-page.ts')
      return await servedPage({ ...deps, settings, condition: front.condition })
    } catch (error) {
      log.to.error({ err: error }, 'the web page cannot be shown')
      throw error
    }
  }
}
