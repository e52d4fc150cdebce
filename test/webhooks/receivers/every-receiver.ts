import { type ReceiverServer, startReceiver } from './receiver-server.ts'
import { argoImageUpdater, fluxHmac, kargo, keelHarbor, keelRegistry } from './receivers.ts'

/** Receivers, with how each is told; the file `token` beside the document has their token. */
const kinds = [
  ['flux', fluxHmac, { format: 'cloudevents', secret: { file: 'token' } }],
  ['keel', keelHarbor, { format: 'harbor' }],
  ['keel-registry', keelRegistry, { format: 'distribution' }],
  ['kargo', kargo, { format: 'harbor', headers: { Authorization: { file: 'token' } } }],
  ['argo', argoImageUpdater, { format: 'harbor', headers: { Authorization: { file: 'token' } } }],
] as const

/** One receiver of each kind, and how a document of webhooks names them. */
export interface EveryReceiver {
  readonly servers: readonly ReceiverServer[]
  readonly endpoints: readonly object[]
}

/** Starts a receiver of each kind. Each fails now and then, at times of its own. */
export async function startEveryReceiver(token: string): Promise<EveryReceiver> {
  const servers: ReceiverServer[] = []
  const endpoints: object[] = []
  for (const [index, [name, kind, more]] of kinds.entries()) {
    const server = await startReceiver(kind, token, (request) => request % (7 + index) === 0)
    servers.push(server)
    endpoints.push({ name, url: server.url, allowPrivate: true, ...more })
  }
  return { servers, endpoints }
}

/** What a receiver was told, as `repository:tag`, each for the first time. */
export function toldOf({ taken }: ReceiverServer): readonly string[] {
  const names = taken.map(({ body }) => {
    const { event_data: harbor, events, subject } = JSON.parse(body)
    if (harbor !== undefined) return harbor.resources[0].resource_url.replace('registry.test/', '')
    const target = events?.[0]?.target
    return target === undefined ? subject : `${target.repository}:${target.tag}`
  })
  return [...new Set<string>(names)]
}
