import { safeNotices, safeObserver } from './core/callbacks.ts'
import { createApp, type HttpApp } from './http/app.ts'
import { BodyBudget } from './http/body-budget.ts'
import { createCors } from './http/cors.ts'
import { defaultLimits, type ServiceAppOptions } from './options.ts'
import type { RegistryService } from './ports/registry-service.ts'

/**
 * Puts HTTP on any {@link RegistryService}: a wrapped one, a proxy, a union of several.
 *
 * @example
 * const { fetch } = serviceApp(unionOf(mine.service, theirs.service))
 * serve({ fetch, port: 5000 })
 *
 * @throws TypeError when `prefix` or `stripped` is not a path, the public path does not begin with
 *   `stripped`, or `cors` lists something that is not an origin.
 */
export function serviceApp(service: RegistryService, options: ServiceAppOptions = {}): HttpApp {
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
    observe: safeObserver(options.observe, onNotice),
    onNotice,
    prefix,
  }
  return createApp(deps, base)
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
