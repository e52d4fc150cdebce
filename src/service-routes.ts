import { safeNotices, safeObserver } from './core/callbacks.ts'
import { createRoutes, type HttpRoutes } from './http/app.ts'
import { BodyBudget } from './http/body-budget.ts'
import { createCors } from './http/cors.ts'
import { sealedCursors } from './http/sealed-cursor.ts'
import { defaultLimits, type ServiceAppOptions } from './options.ts'
import type { RegistryService } from './ports/registry-service.ts'

export type { AnswerBeside, HttpRoutes } from './http/app.ts'

/** As `serviceApp`, without the Hono app. */
export function serviceRoutes(service: RegistryService, options: ServiceAppOptions): HttpRoutes {
  const prefix = checkedPath('prefix', options.prefix ?? '')
  const base = withoutStripped(`${prefix}/v2`, checkedPath('stripped', options.stripped ?? ''))
  const onNotice = safeNotices(options.onNotice)
  const limits = { ...defaultLimits, ...options.limits }
  const deps = {
    service,
    limits,
    // Half of it has to hold the largest manifest.
    bodies: new BodyBudget(Math.max(limits.manifestBodyBytes, 2 * limits.manifestBytes)),
    access: options.access ?? null,
    cors: options.cors === undefined ? null : createCors(options.cors),
    redirect: options.redirect ?? 'off',
    cursors: sealedCursors(options.cursorSecret),
    observe: safeObserver(options.observe, onNotice),
    tracing: options.tracing ?? null,
    onNotice,
    prefix,
  }
  return createRoutes(deps, base)
}

/** The part of the API's public path that a server which cuts off its beginning leaves. */
function withoutStripped(path: string, stripped: string): string {
  if (`${path}/`.startsWith(`${stripped}/`)) return path.slice(stripped.length)
  throw new TypeError(`stripped ${JSON.stringify(stripped)} is not how ${path} begins`)
}

function checkedPath(option: string, path: string): string {
  const bare = path.replace(/\/+$/, '')
  if (bare === '' || /^(?:\/[A-Za-z0-9._~-]+)+$/.test(bare)) return bare
  throw new TypeError(`${option} ${JSON.stringify(path)} is not a path such as /registry`)
}
