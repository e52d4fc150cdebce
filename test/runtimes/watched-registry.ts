import { type Access, type Ask, createRegistry } from '../../src/index.ts'

/** Answers as a registry that may also be asked `/what-was-asked`. */
export function watchedRegistry(): (request: Request) => Response | Promise<Response> {
  const asked: Ask[] = []
  const targets: string[] = []
  const recording: Access = {
    authenticate: async () => null,
    authorize: async (_, asks) => {
      asked.push(...asks)
      return asks.map(() => 'allow')
    },
    challenge: () => 'Basic',
  }
  const registry = createRegistry({
    access: recording,
    cors: { origins: ['https://ui.example.com'] },
    limits: { manifestBytes: 1000, blobBytes: 1000 },
  })

  /** What was asked for since the last time, and every target that was taken for a request's. */
  const told = (): Response => Response.json({ asks: asked.splice(0), targets })

  return (request) => {
    if (request.url.endsWith('/what-was-asked')) return told()
    targets.push(request.url)
    return registry.fetch(request)
  }
}
