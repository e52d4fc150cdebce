import type { UiOptions, UiRegistry } from 'layerdock/ui'
import { createUi } from 'layerdock/ui'

/** Asks a page as a browser and as a program does. */
export interface Asker {
  html(path: string): Promise<string>
  json<T = Record<string, unknown>>(path: string): Promise<T>
  /** What the page answers, whatever that is. */
  answer(path: string, headers?: Record<string, string>): Promise<Response>
}

/** The page of a registry, on some host. */
export function askerOf(registry: UiRegistry, options: UiOptions = {}, host = 'r.test'): Asker {
  const ui = createUi(registry, options)
  const answer = async (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    ui.fetch(new Request(`http://${host}${path}`, { headers }))
  return {
    answer,
    async html(path) {
      return (await answer(path, { Accept: 'text/html' })).text()
    },
    async json<T>(path: string) {
      return (await (await answer(path, { Accept: 'application/json' })).json()) as T
    },
  }
}

/** What markup shows as text, with single spaces. */
export function textOf(html: string): string {
  return html
    .replace(/<(script|title)[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
}
