import { type HttpApp, withApp } from './http/hono-app.ts'
import type { ServiceAppOptions } from './options.ts'
import type { RegistryService } from './ports/registry-service.ts'
import { serviceRoutes } from './service-routes.ts'

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
  const routes = serviceRoutes(options.tracing?.service(service) ?? service, options)
  const { fetch, observed } = routes
  return withApp({ fetch, observed }, routes)
}
