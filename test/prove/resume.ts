import { createHash } from 'node:crypto'
import { request } from 'node:http'
import { noise } from '../clients/ledger.mjs'
import { Random } from '../disk/simulation/random.ts'
import type { Proof } from './proof.ts'
import { Server } from './server.ts'

/** What cuts an upload off. */
const causes = ['disconnect', 'SIGTERM', 'SIGKILL'] as const
type Cause = (typeof causes)[number]

/** Uploads under way at once, which one end of the server cuts off together. */
const together = 10
const chunk = 16 * 1024

interface Upload {
  readonly bytes: Buffer
  readonly digest: string
  readonly path: string
  /** Bytes that a 202 was given for. */
  readonly acknowledged: number
  /** Where the request under way is cut off. */
  readonly cutAt: number
}

/** Uploads that are cut off, asked for, and finished from where the registry says that they stand. */
export const resume: Proof = {
  says: 'an upload cut off anywhere goes on at the offset that the registry gives, and ends with the right digest',
  where: 'outside',
  unit: 'uploads, cut off by disconnect, SIGTERM and kill in turn',
  lengths: { short: 30, full: 500 },
  breaks: ['late-writes'],
  async run({ runtime, seed, length, broken }) {
    const server = await Server.start({ runtime, broken })
    const random = new Random(seed)
    const violations: string[] = []
    let finished = 0
    let sentAgain = 0
    try {
      for (let done = 0; done < length; done += together) {
        const cause = causes[(done / together) % causes.length] as Cause
        const count = Math.min(together, length - done)
        const uploads = await Promise.all(
          Array.from({ length: count }, (_, at) =>
            begin(server.url, `${seed}/${done + at}`, random),
          ),
        )
        await cutOff(server, uploads, cause)
        for (const upload of uploads) {
          try {
            sentAgain += await finish(server.url, upload)
            finished += 1
          } catch (error) {
            violations.push(`${cause} at ${upload.cutAt} of ${upload.bytes.byteLength}: ${error}`)
          }
        }
      }
      const kib = (sentAgain / 1024 / Math.max(finished, 1)).toFixed(0)
      const text = `${finished} of ${length} uploads cut off and finished, ${kib} KiB sent again for each`
      return { text, violations }
    } finally {
      await server.remove()
    }
  },
}

/** Opens a session and sends the first bytes whole. */
async function begin(origin: string, name: string, random: Random): Promise<Upload> {
  const size = 100_000 + random.below(1_500_000)
  const bytes = noise(name, size)
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  const opened = await fetch(`${origin}/v2/resume/app/blobs/uploads/`, { method: 'POST' })
  const acknowledged = random.below(size >> 1)
  const path = await patch(origin, opened.headers.get('location') ?? '', bytes, 0, acknowledged)
  const cutAt = acknowledged + random.below(size - acknowledged)
  return { bytes, digest, path, acknowledged, cutAt }
}

async function patch(
  origin: string,
  path: string,
  bytes: Buffer,
  from: number,
  to: number,
): Promise<string> {
  const body = new Uint8Array(bytes.subarray(from, to))
  const headers = { 'content-range': `${from}-${to - 1}` }
  const sent = to > from ? { body, headers } : {}
  const answer = await fetch(new URL(path, origin), { method: 'PATCH', ...sent })
  const text = await answer.text()
  if (answer.status !== 202) throw new Error(`PATCH from ${from}: ${answer.status} ${text}`)
  return answer.headers.get('location') ?? path
}

/** Has each upload send up to where it is cut off, and cuts all off. */
async function cutOff(server: Server, uploads: readonly Upload[], cause: Cause): Promise<void> {
  const cuts = await Promise.all(uploads.map((upload) => sendPart(server.url, upload)))
  if (cause !== 'disconnect') await server.end(cause)
  for (const cut of cuts) cut()
  if (cause !== 'disconnect') await server.restart()
}

/** Sends a request that says it has the rest, up to `cutAt`; what hangs up. */
function sendPart(
  origin: string,
  { bytes, path, acknowledged, cutAt }: Upload,
): Promise<() => void> {
  return new Promise((resolve) => {
    const headers = {
      'content-type': 'application/octet-stream',
      'content-length': bytes.byteLength - acknowledged,
      'content-range': `${acknowledged}-${bytes.byteLength - 1}`,
    }
    const sending = request(new URL(path, origin), { method: 'PATCH', headers, agent: false })
    sending.on('error', () => {})
    sending.flushHeaders()
    const cut = (): void => void sending.destroy()
    const send = (from: number): void => {
      if (from >= cutAt) {
        resolve(cut)
        return
      }
      const to = Math.min(from + chunk, cutAt)
      sending.write(bytes.subarray(from, to), (error) => (error ? resolve(cut) : send(to)))
    }
    send(acknowledged)
  })
}

/** Goes on where the registry says; how many bytes were sent a second time. */
async function finish(origin: string, upload: Upload): Promise<number> {
  const { bytes, digest, path, acknowledged, cutAt } = upload
  const status = await fetch(new URL(path, origin))
  await status.arrayBuffer()
  if (status.status !== 204) throw new Error(`its status is ${status.status}`)
  const last = Number(/^0-(\d+)$/.exec(status.headers.get('range') ?? '')?.[1])
  const offset = last === 0 ? 0 : last + 1
  // `0-0` is an empty session, or one of a single byte.
  if (!(offset >= acknowledged || acknowledged === 1) || offset > cutAt) {
    throw new Error(`it stands at ${offset}, ${acknowledged} bytes were acknowledged`)
  }
  const location = await patch(origin, path, bytes, offset, bytes.byteLength)
  const put = new URL(location, origin)
  put.searchParams.set('digest', digest)
  const answer = await fetch(put, { method: 'PUT' })
  if (answer.status !== 201) throw new Error(`PUT: ${answer.status} ${await answer.text()}`)
  const blob = await fetch(`${origin}/v2/resume/app/blobs/${digest}`)
  const found = Buffer.from(await blob.arrayBuffer())
  if (blob.status !== 200 || !found.equals(bytes))
    throw new Error(`GET: ${blob.status}, wrong bytes`)
  return cutAt - offset
}
