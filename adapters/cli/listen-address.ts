import * as v from 'valibot'

/** Where to listen. */
export type ListenAddress =
  | { readonly host: string; readonly port: number }
  | { readonly socketPath: string }

const message =
  'is not an address to listen on: use HOST:PORT, :PORT for every interface, or unix:PATH, such as 127.0.0.1:5000'

/** `127.0.0.1:5000`, `[::1]:5000`, `:5000` (every interface), `5000` (this machine), `unix:/path`. */
export const listenAddress: v.GenericSchema<unknown, ListenAddress> = v.pipe(
  v.union([v.string(), v.number()], message),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const text = String(dataset.value).trim()
    if (text.startsWith('unix:') && text.length > 5) return { socketPath: text.slice(5) }
    const match = /^(?:(\[[0-9a-f:.%]+\]|[^\s:[\]/]*):)?([0-9]{1,5})$/i.exec(text)
    const port = Number(match?.[2] ?? Number.NaN)
    if (match === null || port > 65_535) {
      addIssue({ message })
      return NEVER
    }
    const host = match[1]
    if (host === undefined) return { host: '127.0.0.1', port }
    return { host: host === '' ? '::' : host.replace(/^\[|\]$/g, ''), port }
  }),
)

/** Whether other machines may be able to connect to a server that says it is at `url`. */
export function isReachable(url: string): boolean {
  if (url.startsWith('unix:')) return false
  const { hostname } = new URL(url)
  return !/^(?:localhost|127\.[0-9.]+|\[::1\]|\[::ffff:7f[0-9a-f]{2}:[0-9a-f]+\])$/.test(hostname)
}

/** How an address is written. */
export function formatListenAddress(address: ListenAddress): string {
  if ('socketPath' in address) return `unix:${address.socketPath}`
  const { host, port } = address
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
