import { callContext } from '../core/call-context.ts'
import { sealedCursors } from '../http/sealed-cursor.ts'
import type { RegistryService } from '../ports/registry-service.ts'
import { english } from './english.ts'
import { createFacts } from './facts/facts.ts'
import { type LiveViews, liveViews } from './live/live-views.ts'
import type { OtherNodesDeps } from './live/other-nodes.ts'
import type { UiOptions, UiRegistry } from './options.ts'
import { uiPaths } from './paths.ts'
import { createSessions, type Sessions } from './session/sessions.ts'
import { type FindViewer, openViewer } from './viewer.ts'
import type { UiDeps } from './visit.ts'

const defaultSessionMs = 12 * 60 * 60 * 1000

/** Puts together what all requests of a page share. @throws TypeError when `sessionSecret` is not 32 bytes. */
export function uiDeps(registry: UiRegistry, options: UiOptions, prefix: string): UiDeps {
  const { service } = registry
  const clock = options.clock ?? Date.now
  const cursors = sealedCursors(options.sessionSecret)
  const sessions = sessionsOf(registry, options, { prefix, clock, cursors })
  const findViewer = sessions?.findViewer ?? (async (request) => openViewer(request, service))
  return {
    registry,
    service,
    options,
    title: options.title ?? 'Layerdock',
    text: options.text ?? english,
    paths: uiPaths(prefix),
    facts: createFacts(service),
    findViewer,
    sessions,
    cursors,
    deletes: options.deletes !== false && registry.takes?.deletes !== false,
    // Nothing is restored where nothing is written.
    trashMs: registry.takes?.writes === false ? 0 : (registry.trashMs ?? null),
    live: liveOf(registry, options, findViewer, sessions, clock),
    status: statusOf(options),
    prefix,
    stripped: (options.stripped ?? '').replace(/\/+$/, ''),
    clock,
  }
}

function sessionsOf(
  { service }: UiRegistry,
  { access, login = true, sessionMs = defaultSessionMs, sessionSecret }: UiOptions,
  shared: Pick<UiDeps, 'prefix' | 'clock' | 'cursors'>,
): Sessions | null {
  if (access === undefined) return null
  return createSessions({
    access,
    service,
    canLogIn: login,
    secret: sessionSecret,
    sessionMs,
    ...shared,
  })
}

function liveOf(
  { subscribe, service }: UiRegistry,
  { live = true, lookMs }: UiOptions,
  findViewer: FindViewer,
  sessions: Sessions | null,
  clock: () => number,
): LiveViews | null {
  if (!live || subscribe === undefined) return null
  const whenEnded = sessions?.whenEnded ?? (() => () => {})
  const look = lookMs === undefined ? null : { summarize: summarizer(service), everyMs: lookMs }
  return liveViews({ subscribe, findViewer, whenEnded, look, clock })
}

/** For the page itself: who may see what comes of it is asked when it is told. */
function summarizer(service: RegistryService): OtherNodesDeps['summarize'] {
  return (names) => service.summarizeRepositories(callContext(), names)
}

/** A status that fails is not shown. */
function statusOf({ status }: UiOptions): UiDeps['status'] {
  if (status === undefined) return async () => null
  return async () => {
    try {
      // A program without types may have nothing to say.
      return (await status()) ?? null
    } catch {
      return null
    }
  }
}
