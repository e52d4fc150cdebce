import type { Ui } from '../../src/ui/index.ts'

/** A browser as far as forms and cookies go: it follows no redirect and runs no script. */
export interface BrowserClient {
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>
  /** Sends a form of a page of the same origin. */
  post(
    path: string,
    fields: ReadonlyArray<readonly [string, string]>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Response>
  logIn(user: string, password: string, next?: string): Promise<Response>
  /** The token of the session, as it stands in the forms of a page. */
  csrf(): Promise<string>
  /** What the browser keeps: `name=value`; null without a cookie. */
  cookie: string | null
}

/** Makes a browser that looks at a page. */
export function browserOf(
  ui: Ui,
  { origin = 'http://registry.example', accept = 'text/html' } = {},
): BrowserClient {
  async function send(request: Request): Promise<Response> {
    const response = await ui.fetch(request)
    for (const set of response.headers.getSetCookie()) {
      const [pair = ''] = set.split(';')
      client.cookie = /Max-Age=0\b/.test(set) ? null : pair
    }
    return response
  }
  const cookies = (): Record<string, string> =>
    client.cookie === null ? {} : { cookie: client.cookie }
  const client: BrowserClient = {
    cookie: null,
    get: (path, headers = {}) =>
      send(new Request(`${origin}${path}`, { headers: { accept, ...cookies(), ...headers } })),
    post: (path, fields, headers = {}) =>
      send(
        new Request(`${origin}${path}`, {
          method: 'POST',
          body: new URLSearchParams(fields.map(([name, value]) => [name, value])),
          headers: { accept, origin, ...cookies(), ...headers },
        }),
      ),
    logIn: (user, password, next = '/_layerdock/') =>
      client.post('/_layerdock/login', [
        ['user', user],
        ['password', password],
        ['next', next],
      ]),
    async csrf() {
      const response = await client.get('/_layerdock/', { accept: 'text/html' })
      return /name="csrf" value="([^"]*)"/.exec(await response.text())?.[1] ?? ''
    },
  }
  return client
}
