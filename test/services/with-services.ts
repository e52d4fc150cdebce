import { afterAll, beforeAll, describe, test } from 'vitest'
import { decide, type RunningService, type TestService } from './test-service.ts'

type Services = Readonly<Record<string, TestService>>
/** The servers of a suite, once its tests run. */
export type Running<Wanted extends Services> = {
  readonly [Name in keyof Wanted]: Wanted[Name] extends TestService<infer Server> ? Server : never
}

/**
 * A suite with servers of its own. Its tests find them in `running`, which is filled when the first one begins.
 * Where a service is missing, the suite is one skipped test that says why; or one that fails, if it is required.
 *
 * @example
 * withServices('names in PostgreSQL', { postgres }, (running) => {
 *   test('…', async () => openPostgres({ url: await running.postgres.database() }))
 * })
 */
export function withServices<Wanted extends Services>(
  title: string,
  services: Wanted,
  body: (running: Running<Wanted>) => void,
): void {
  describe(title, () => {
    const decision = decide(Object.values(services))
    if (decision.kind === 'skip') {
      test.skip(`not run: ${decision.reason}`, () => {})
      return
    }
    if (decision.kind === 'fail') {
      test('has the services it needs', () => {
        throw new Error(`TEST_SERVICES requires them: ${decision.reason}`)
      })
      return
    }
    const running: Record<string, RunningService> = {}
    beforeAll(async () => {
      for (const [name, service] of Object.entries(services)) {
        running[name] = await (service.isShared ? started(service) : service.start())
      }
    })
    afterAll(async () => {
      for (const [name, service] of Object.entries(services)) {
        const server = running[name]
        if (server === undefined) continue
        if (service.isShared && service.isWorn?.(server) !== true) continue
        shared.delete(service)
        await server.stop()
      }
    })
    body(running as Running<Wanted>)
  })
}

/** Servers that suites of this process share. */
const shared: Map<TestService, Promise<RunningService>> = new Map()

function started(service: TestService): Promise<RunningService> {
  const starting = shared.get(service) ?? service.start()
  shared.set(service, starting)
  return starting
}
