/** Sends a browser on after a form, so that a reload does not send it again. @param path of ours */
export function seeOther(path: string, setCookies: readonly string[] = []): Response {
  const headers = new Headers({
    Location: path,
    'Content-Length': '0',
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
    Vary: 'Accept, Cookie',
  })
  for (const value of setCookies) headers.append('Set-Cookie', value)
  return new Response(null, { status: 303, headers })
}
