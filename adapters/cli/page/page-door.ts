import { errorResponse, exchangeOf } from '../../../src/kit.ts'
import type { Ui } from '../../../src/ui/index.ts'
import { wantedForm } from '../../../src/ui/negotiate.ts'

/** Makes the web page. */
export type OpenPage = () => Promise<Ui>

/** The way to the web page, which is made when it is asked for first: a start need not wait for it. */
export class PageDoor {
  #opening: Promise<Ui> | null = null
  #page: Ui | null = null
  #isClosed = false

  /** Whether a request is for the page. At `/` a browser is shown it, and a program such as curl plain text. */
  static leadsTo(path: string, { headers, url }: Request): boolean {
    if (path === '/_layerdock' || path.startsWith('/_layerdock/')) return true
    if (path !== '/') return false
    return wantedForm(headers.get('accept')) !== 'text' || url.includes('format=json')
  }

  /** Answers a request for the page. Never rejects. */
  fetch(
    request: Request,
    context: object | undefined,
    openPage: OpenPage,
  ): Response | Promise<Response> {
    if (this.#isClosed) return notNow(request)
    if (this.#page !== null) return this.#page.fetch(request, context)
    return this.#open(openPage).then(
      (page) => page.fetch(request, context),
      () => errorResponse('unavailable', { 'Retry-After': '5' }),
    )
  }

  /** Ends what is open on the page, and refuses every request from now on. */
  close(): void {
    this.#isClosed = true
    this.#page?.close()
  }

  #open(openPage: OpenPage): Promise<Ui> {
    this.#opening ??= openPage().then(
      (page) => {
        this.#page = page
        if (this.#isClosed) page.close()
        return page
      },
      (error: unknown) => {
        // The next request tries again.
        this.#opening = null
        throw error
      },
    )
    return this.#opening
  }
}

/** Tells a person that the server is not there yet, or not any more. */
export function notNow(request: Request): Response {
  exchangeOf(request)?.at('/_layerdock', null, null)
  const text = 'The registry is starting or stopping. Try again in a moment.\n'
  return new Response(request.method === 'HEAD' ? null : text, {
    status: 503,
    headers: {
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Length': String(text.length),
      'Cache-Control': 'no-store',
      'Retry-After': '5',
      'X-Content-Type-Options': 'nosniff',
    },
  })
}
