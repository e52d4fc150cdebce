import { createRegistry, type Registry, type RegistryOptions } from '../index.ts'
import { memoryStores, steadyClock } from '../kit.ts'
import { type ContentPusher, contentPusher } from './content-pusher.ts'
import { type FaultRule, faultRules, type RaisedFault } from './fault-rules.ts'

/** {@link RegistryOptions}, and what goes wrong from the start. */
export interface TestRegistryOptions extends RegistryOptions {
  readonly faults?: readonly FaultRule[]
}

/** A request that a test registry was asked, in the order they came. */
export interface RequestRecord {
  readonly method: string
  /** With its query. */
  readonly path: string
  /** Null until it is answered, and where a fault threw instead. */
  readonly status: number | null
}

/** A registry for tests of what talks to one. */
export interface TestRegistry extends Omit<Registry, 'app' | 'fetch'> {
  /**
   * Answers a request: a `fetch` to hand to the code under test, as it needs no network. Any host
   * will do, and a mere path too.
   *
   * For code that must have a port, serve it on a free one as the runtime does: `serve(registry,
   * { port: 0 })` of `layerdock/node`, or `Bun.serve` and `Deno.serve` with this function.
   *
   * @param init goes with an address; beside a Request this is the runtime's own context
   */
  fetch(input: Request | URL | string, init?: object): Promise<Response>
  /** What was asked so far. It is yours: empty it when that helps. */
  readonly requests: RequestRecord[]
  /**
   * Pushes contents, past faults, `access` and `readOnly` and without a record, and gives their
   * digests by name. The same contents have the same digests, always and everywhere.
   *
   * A name is `repository:tag`. Without a tag it is a name in the test alone: an artifact is put
   * beside its subject, anything else in the repository of that name. What an index names is put
   * in the index's repository as well.
   *
   * @throws Error for a name that is not legal, and for a part that was never pushed.
   */
  readonly push: ContentPusher
  /** Makes something go wrong from now on. */
  fault(rule: FaultRule): RaisedFault
}

/**
 * Makes a registry for one test: in memory, on no port, with nothing to start and nothing to stop.
 *
 * @throws TypeError as `createRegistry`.
 */
export function testRegistry(options: TestRegistryOptions = {}): TestRegistry {
  const clock = options.clock ?? steadyClock()
  const stores = options.stores ?? memoryStores({ clock })
  const { app: _, fetch, ...registry } = createRegistry({ ...options, clock, stores })
  // Whoever tests against a read-only registry has to get content into it all the same.
  const { service } =
    options.readOnly === true
      ? createRegistry({ ...options, clock, stores, readOnly: false })
      : registry
  const rules = faultRules()
  for (const rule of options.faults ?? []) rules.add(rule)
  const requests: RequestRecord[] = []

  const answer = async (request: Request, context: object | undefined): Promise<Response> => {
    const { method } = request
    const path = pathOf(request.url)
    const record: { method: string; path: string; status: number | null } = {
      method,
      path,
      status: null,
    }
    requests.push(record)
    const fault = rules.match(method, path)
    const proceed = async (): Promise<Response> => fetch(request, context)
    const response = await (fault === null ? proceed() : fault(request, proceed))
    record.status = response.status
    return response
  }

  return {
    ...registry,
    requests,
    push: contentPusher(service),
    fault: rules.add,
    fetch(input, init) {
      if (typeof input !== 'string' && !(input instanceof URL)) return answer(input, init)
      return answer(new Request(new URL(input, 'http://registry.test'), init), undefined)
    },
  }
}

function pathOf(url: string): string {
  const { pathname, search } = new URL(url)
  return `${pathname}${search}`
}
