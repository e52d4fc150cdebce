import { RegistryError } from '../../oci/registry-error.ts'
import type { LateSessions } from '../session/late-sessions.ts'
import type { LiveDeps, LiveViews, OpenLiveViews } from './live-views.ts'

/** Live views whose code is loaded with the first view that is opened. */
export function lateLiveViews(
  deps: Omit<LiveDeps, 'whenEnded'>,
  sessions: LateSessions | null,
): LiveViews {
  let made: OpenLiveViews | null = null
  let isClosed = false
  return {
    async open(view) {
      const { liveViews } = await import('./live-views.ts')
      const whenEnded = (await sessions?.())?.whenEnded ?? (() => () => {})
      if (isClosed) throw new RegistryError('unavailable')
      made ??= liveViews({ ...deps, whenEnded })
      return made.open(view)
    },

    close() {
      isClosed = true
      made?.close()
    },
  }
}
