/** What a person at a terminal is told: where the registry is, and what to paste. */
export function banner(version: string, url: string, place: string): string {
  const host = pullable(url)
  const lines =
    host === null
      ? []
      : [
          '',
          `  docker tag alpine ${host}/alpine`,
          `  docker push ${host}/alpine`,
          `  docker pull ${host}/alpine`,
        ]
  return [`Layerdock ${version} at ${url}, ${place}`, ...lines, '', ''].join('\n')
}

/** The host as it stands in the name of an image; null on a unix socket. */
function pullable(url: string): string | null {
  if (url.startsWith('unix:')) return null
  const { host, hostname, port } = new URL(url)
  return hostname === '[::]' || hostname === '0.0.0.0' ? `localhost:${port}` : host
}
