import { createHmac, timingSafeEqual } from 'node:crypto'
import { countField, listField, objectField, textField } from './go-json.ts'

/** A request as a receiver gets it. */
export interface Arrived {
  readonly method: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
}

/** What a receiver makes of a request: its answer, and the image that it looks for. */
export interface Reception {
  readonly status: number
  /** The image that is deployed, as the receiver names it; null for none. */
  readonly image: string | null
}

/** Says what it makes of a request. */
export type ReceiverKind = (arrived: Arrived, token: string) => Reception

/**
 * Flux's notification-controller, a Receiver of type `harbor` (internal/server/receiver_handlers.go): the
 * `Authorization` header is the token, and the body is not read. Any wrong request is a 400.
 */
export const fluxHarbor: ReceiverKind = ({ headers }, token) =>
  headers.authorization === token ? { status: 200, image: '*' } : { status: 400, image: null }

/** The same of type `generic-hmac`: `X-Signature: sha256=<hex>` over the body, by its token. */
export const fluxHmac: ReceiverKind = ({ headers, body }, token) => {
  const [name = '', hex = ''] = (headers['x-signature'] ?? '').split('=')
  const mine = createHmac('sha256', token).update(body).digest()
  const theirs = Buffer.from(hex, 'hex')
  const isRight =
    name === 'sha256' && theirs.length === mine.length && timingSafeEqual(theirs, mine)
  return isRight ? { status: 200, image: '*' } : { status: 400, image: null }
}

/**
 * Keel's `/v1/webhooks/harbor` (pkg/http/harbor_webhook_trigger.go): decodes the whole document strictly by type, takes
 * `PUSH_ARTIFACT`, and reads repository and tag out of each `resource_url`. Another event is a 200 and nothing else.
 */
export const keelHarbor: ReceiverKind = ({ body }) => {
  try {
    const document: unknown = JSON.parse(body)
    const type = textField(document, 'type')
    countField(document, 'occur_at')
    textField(document, 'operator')
    const data = objectField(document, 'event_data')
    const repository = objectField(data, 'repository')
    countField(repository, 'date_created')
    for (const name of ['name', 'namespace', 'repo_full_name', 'repo_type'])
      textField(repository, name)
    const images = listField(data, 'resources').map((resource) => {
      textField(resource, 'digest')
      textField(resource, 'tag')
      return textField(resource, 'resource_url')
    })
    if (type !== 'PUSH_ARTIFACT' && type !== 'pushImage') return { status: 200, image: null }
    for (const image of images) {
      if (!/^[^/\s]+\/\S+(?::[^/\s]+|@sha256:[0-9a-f]{64})$/.test(image))
        return { status: 400, image: null }
    }
    return { status: 200, image: images[0] ?? null }
  } catch {
    return { status: 400, image: null }
  }
}

/**
 * Keel's `/v1/webhooks/registry` (pkg/http/registry_notifications.go): distribution's envelope. The image is
 * `request.host`, `target.repository` and `target.tag`; an event without a tag is passed over.
 */
export const keelRegistry: ReceiverKind = ({ body }) => {
  try {
    const [event] = listField(JSON.parse(body), 'events')
    if (Number.isNaN(Date.parse(textField(event, 'timestamp')))) return { status: 400, image: null }
    const target = objectField(event, 'target')
    const request = objectField(event, 'request')
    countField(target, 'size')
    countField(target, 'length')
    for (const name of ['id', 'addr', 'host', 'method', 'useragent']) textField(request, name)
    textField(objectField(event, 'actor'), 'name')
    textField(objectField(event, 'source'), 'addr')
    const tag = textField(target, 'tag')
    if (textField(event, 'action') !== 'push' || tag === '') return { status: 200, image: null }
    const name = `${textField(request, 'host')}/${textField(target, 'repository')}`
    return { status: 200, image: `${name}:${tag}` }
  } catch {
    return { status: 400, image: null }
  }
}

/**
 * Kargo (pkg/webhook/external/harbor.go): the `Authorization` header, `type`, and of `event_data.resources` the `tag` of
 * each and the `resource_url` of the first. Any other type than `PUSH_ARTIFACT` is a 400.
 */
export const kargo: ReceiverKind = ({ headers, body }, token) => {
  if (headers.authorization !== token) return { status: 401, image: null }
  try {
    const document: unknown = JSON.parse(body)
    if (textField(document, 'type') !== 'PUSH_ARTIFACT') return { status: 400, image: null }
    const resources = listField(objectField(document, 'event_data'), 'resources')
    for (const resource of resources) textField(resource, 'tag')
    return {
      status: 200,
      image: resources.length === 0 ? null : textField(resources[0], 'resource_url'),
    }
  } catch {
    return { status: 400, image: null }
  }
}

/**
 * Argo CD Image Updater (pkg/webhook/harbor.go): POST, `Content-Type` with `application/json`, the `Authorization`
 * header, `PUSH_ARTIFACT`, and of the first resource a tag that is not empty, beside `repository.repo_full_name` and
 * the host of `resource_url`. Everything else is a 400.
 */
export const argoImageUpdater: ReceiverKind = ({ method, headers, body }, token) => {
  const refused = { status: 400, image: null }
  if (method !== 'POST' || !(headers['content-type'] ?? '').includes('application/json'))
    return refused
  if (headers.authorization !== token) return refused
  try {
    const document: unknown = JSON.parse(body)
    countField(document, 'occur_at')
    textField(document, 'operator')
    const data = objectField(document, 'event_data')
    const [resource] = listField(data, 'resources')
    if (textField(document, 'type') !== 'PUSH_ARTIFACT' || resource === undefined) return refused
    const tag = textField(resource, 'tag')
    const name = textField(objectField(data, 'repository'), 'repo_full_name')
    if (tag === '' || name === '') return refused
    const { host } = new URL(`https://${textField(resource, 'resource_url')}`)
    return {
      status: 200,
      image: tag.startsWith('sha256:') ? `${host}/${name}@${tag}` : `${host}/${name}:${tag}`,
    }
  } catch {
    return refused
  }
}
