import { digestOf } from './client.ts'

/** A secret, and every way to write it that a log could show. */
export interface Canary {
  readonly name: string
  readonly text: string
  readonly forms: readonly string[]
}

/** A secret to look for: as it is, as a URL and JSON write it, in hex, and in Base64 wherever it stands there. */
export function canary(name: string, text: string): Canary {
  const bytes = Buffer.from(text)
  const inBase64 = [0, 1, 2].flatMap((before) => {
    // The first and the last characters depend on what stands beside the secret.
    const start = Math.ceil((before * 4) / 3)
    const padded = Buffer.concat([Buffer.alloc(before), bytes])
    const whole = padded.toString('base64').replaceAll('=', '').slice(start, -1)
    return [whole, whole.replaceAll('+', '-').replaceAll('/', '_')]
  })
  const forms = [
    text,
    encodeURIComponent(text),
    JSON.stringify(text).slice(1, -1),
    bytes.toString('hex'),
    ...inBase64,
  ]
  return { name, text, forms: [...new Set(forms)] }
}

/** Which canaries stand in a text, each with what stands around it; its beginning is enough. */
export function found(canaries: readonly Canary[], text: string): readonly string[] {
  return canaries.flatMap(({ name, forms }) => {
    const at = forms.map((form) => text.indexOf(form.slice(0, 8))).find((place) => place !== -1)
    return at === undefined ? [] : [`${name}: …${text.slice(Math.max(0, at - 100), at + 60)}`]
  })
}

/** `Authorization` with a secret in it, as it should be and as it should not. */
export function authorizations(user: string, secret: string): readonly string[] {
  const basic = (text: string): string => Buffer.from(text).toString('base64')
  return [
    `Bearer ${secret}`,
    `bearer   ${secret}`,
    `Bearer "${secret}"`,
    `Bearer ${secret},${secret}`,
    `Bearer ${secret}!`,
    `Bearer\t${secret}`,
    `Bearer${secret}`,
    secret,
    `Token ${secret}`,
    `Digest username="${user}", response="${secret}"`,
    `Basic ${basic(`${user}:${secret}`)}`,
    `BASIC ${basic(`${secret}:${secret}`)}`,
    `Basic ${basic(secret)}`,
    `Basic ${basic(`:${secret}`)}`,
    `Basic ${basic(`${user}:${secret}`).replaceAll('=', '')}!`,
    `Basic ${secret}`,
    `Basic ${user}:${secret}`,
    `Bearer ${secret.padEnd(12_000, 'x')}`,
  ]
}

/** Other headers that hold secrets, given by mistake or to other programs. */
export function otherHeaders(secret: string): ReadonlyArray<Readonly<Record<string, string>>> {
  return [
    { cookie: `session=${secret}` },
    { 'proxy-authorization': `Basic ${btoa(`me:${secret}`)}` },
    { 'x-registry-auth': btoa(JSON.stringify({ username: 'me', password: secret })) },
    { 'x-api-key': secret, 'x-auth-token': secret, 'x-remote-user': `me:${secret}` },
    { referer: `http://me:${secret}@h/?token=${secret}` },
    { 'x-forwarded-for': secret, 'x-forwarded-proto': secret, forwarded: `for=${secret}` },
    { 'user-agent': `curl/8 token=${secret}` },
    { 'user-agent': `sh (http://me:${secret}@h/; password=${secret})` },
    { 'user-agent': `x Authorization: Bearer ${secret}` },
    { range: `bytes=${secret}`, 'if-none-match': secret, accept: secret },
    { 'content-range': secret, 'content-type': secret, 'content-encoding': secret },
  ]
}

/** Targets with a secret where one may stand, of a request as it is written to a socket. */
export function targets(secret: string): readonly string[] {
  const quoted = encodeURIComponent(secret)
  return [
    `/v2/?token=${quoted}`,
    `/v2/?n=1&access_token=${quoted}&account=${quoted}`,
    `/v2/?n=1;token=${quoted}`,
    `/v2/?n=1%26token=${quoted}`,
    `/v2/?n=token=${quoted}`,
    `/v2/?%6e=1&%74oken=${quoted}`,
    `/v2/?tag=1?token=${quoted}`,
    `/v2/;token=${quoted}`,
    `/v2/%3ftoken=${quoted}`,
    `/v2/%23token=${quoted}`,
    `/v2/#token=${quoted}`,
    `/v2/app/tags/list?n=${quoted}`,
    `/v2/app/tags/list?n=1&last=Bearer%20${quoted}`,
    `/v2/_layerdock/token?account=${quoted}&service=${quoted}&password=${quoted}`,
    `/v2/_layerdock/token?scope=repository:app:pull&refresh_token=${quoted}`,
    `/v2/app/blobs/uploads/?_state=${quoted}&digest=${digestOf('x')}`,
    `http://me:${quoted}@h/v2/?n=1`,
    `HTTP://${quoted}@h/v2/`,
    `//me:${quoted}@h/v2/`,
    `/v2/http://me:${quoted}@h/tags/list`,
    `me:${quoted}@h:443`,
  ]
}

/** Forms for the token endpoint, right and wrong. */
export function forms(user: string, secret: string): readonly (readonly [string, string])[] {
  const form = (fields: Readonly<Record<string, string>>): readonly [string, string] => [
    'application/x-www-form-urlencoded',
    new URLSearchParams({
      service: 'layerdock',
      scope: 'repository:app:pull',
      ...fields,
    }).toString(),
  ]
  const right = { grant_type: 'password', username: user, password: secret }
  return [
    form({ ...right, access_type: 'offline' }),
    form({ ...right, username: secret }),
    form({ ...right, grant_type: secret }),
    form({ ...right, service: secret, scope: secret }),
    form({ ...right, client_id: secret, fill: 'x'.repeat(70_000) }),
    form({ grant_type: 'refresh_token', refresh_token: secret }),
    form({ grant_type: 'refresh_token', refresh_token: `${secret}x` }),
    ['application/x-www-form-urlencoded', `password=${secret}&password=${secret}&%=%zz`],
    ['application/json', JSON.stringify(right)],
    [`text/${secret}`, secret],
  ]
}
