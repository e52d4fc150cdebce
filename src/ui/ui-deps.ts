import { callContext } from '../core/call-context.ts'
import { sealedCursors } from '../http/sealed-cursor.ts'
import type { RegistryService } from '../ports/registry-service.ts'
import { createFacts } from './facts/facts.ts'
import { lateLiveViews } from './live/late-live-views.ts'
import type { LiveViews } from './live/live-views.ts'
import type { OtherNodesDeps } from './live/other-nodes.ts'
import type { UiOptions, UiRegistry } from './options.ts'
import { uiPaths } from './paths.ts'
import { type LateSessions, lateSessions } from './session/late-sessions.ts'
import { type FindViewer, openViewer } from './viewer.ts'
import type { UiDeps } from './visit.ts'

const defaultSessionMs = 12 * 60 * 60 * 1000

/** What all requests of a page share, but for its text, which is loaded with the first of them. */
export type SharedDeps = Omit<UiDeps, 'text'>

/** Puts together what all requests of a page share. @throws TypeError when `sessionSecret` is not 32 bytes. */
export function uiDeps(registry: UiRegistry, options: UiOptions, prefix: string): SharedDeps {
  const { service } = registry
  const clock = options.clock ?? Date.now
  const cursors = sealedCursors(options.sessionSecret)
  const sessions = sessionsOf(registry, options, { prefix, clock, cursors })
  const findViewer = findViewerBy(sessions, service)
  return {
    registry,
    service,
    options,
    title: options.title ?? 'Layerdock',
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
): LateSessions | null {
  if (access === undefined) return null
  return lateSessions({
    access,
    service,
    canLogIn: login,
    secret: sessionSecret,
    sessionMs,
    ...shared,
  })
}

function findViewerBy(sessions: LateSessions | null, service: RegistryService): FindViewer {
  if (sessions === null) return async (request) => openViewer(request, service)
  return async (request, context) => (await sessions()).findViewer(request, context)
}

function liveOf(
  { subscribe, service }: UiRegistry,
  { live = true, lookMs }: UiOptions,
  findViewer: FindViewer,
  sessions: LateSessions | null,
  clock: () => number,
): LiveViews | null {
  if (!live || subscribe === undefined) return null
  const look = lookMs === undefined ? null : { summarize: summarizer(service), everyMs: lookMs }
  return lateLiveViews({ subscribe, findViewer, look, clock }, sessions)
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
