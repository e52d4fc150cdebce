import type { UiOptions, UiRegistry } from './options.ts'
import type { PageAnswer } from './page-answer.ts'
import { arrivalBase } from './paths.ts'
import { uiDeps } from './ui-deps.ts'

/** A registry with its web page: a fetch handler for both. */
export interface Ui {
  /** Answers a request to the page, and passes every other one on to the registry. Never rejects. */
  fetch(request: Request, context?: object): Response | Promise<Response>
  /** Whether the registry was given `observe`. */
  readonly observed: boolean
  /** Ends what the page has open: views that wait for changes. The registry stays open. */
  close(): void
}

/**
 * Makes the web page of a registry.
 *
 * @example
 * const registry = createRegistry()
 * const ui = createUi(registry)
 * export default { fetch: ui.fetch }
 *
 * @throws TypeError when the page's public path does not begin with `stripped`.
 */
export function createUi(registry: UiRegistry, options: UiOptions = {}): Ui {
  const prefix = (options.prefix ?? '').replace(/\/+$/, '')
  const base = arrivalBase(prefix, options.stripped ?? '')
  const own = `${base}/_layerdock`
  const deps = uiDeps(registry, options, prefix)
  let made: PageAnswer | null = null

  return {
    observed: registry.observed,
    fetch(request, context) {
      const path = pathOf(request.url)
      const isOwn =
        path === base || path === `${base}/` || path === own || path.startsWith(`${own}/`)
      if (!isOwn) return registry.fetch(request, context)
      return registry.answerWith(request, async (explain) => {
        const { pageAnswer } = await import('./page-answer.ts')
        // On workerd no request may wait for another's promise, so what is kept is the function.
        made ??= pageAnswer(deps)
        return made(request, context, path.slice(base.length) || '/', explain)
      })
    },
    close: () => deps.live?.close(),
  }
}

function pathOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('://') + 3)
  const end = url.slice(start).search(/[?#]/)
  return end === -1 ? url.slice(start) : url.slice(start, start + end)
}
