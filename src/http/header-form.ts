/** Makes what a Response is given of an answer's headers, which many answers may have had before. */
export type HeaderForm = (headers: Readonly<Record<string, string>>) => HeadersInit

/** The request itself carries it. */
const key: unique symbol = Symbol('headers')

type Formed = Request & { [key]?: HeaderForm }

/**
 * Lets an adapter say how its runtime takes headers fastest. Only this very Request carries it. An object
 * literal is what the fast Response of @hono/node-server wants.
 */
export function setHeaderForm(request: Request, form: HeaderForm): void {
  const formed: Formed = request
  formed[key] = form
}

/** The headers of an answer to a request, as its adapter wants them. */
export function headersFor(request: Request, headers: Record<string, string>): HeadersInit {
  const formed: Formed = request
  return formed[key]?.(headers) ?? headers
}
