import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { everySetting } from '../../adapters/cli/command-line.ts'
import { CliError } from '../../adapters/cli/exit.ts'
import { serveHelp } from '../../adapters/cli/help.ts'
import { readSettings } from '../../adapters/cli/read-settings.ts'
import {
  flagOf,
  type SettingName,
  type Settings,
  settingNames,
  settings,
  variableOf,
} from '../../adapters/cli/settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'layerdock-settings-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
/** A configuration file with this in it. */
function configFile(content: unknown): string {
  const path = join(folder, `${++files}.json`)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

interface Given {
  readonly words?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

async function read({ words = [], environment = {} }: Given): Promise<Settings> {
  return (await readSettings({ words, environment, flags: everySetting })).settings
}

async function problems(given: Given): Promise<{ exitCode: number; messages: readonly string[] }> {
  try {
    await read(given)
  } catch (error) {
    if (error instanceof CliError) return { exitCode: error.exitCode, messages: error.messages }
    throw error
  }
  return { exitCode: 0, messages: [] }
}

/** Values for settings that have no default, by what stands for theirs in the help; and their meaning. */
const examples: Readonly<Record<string, readonly [string, unknown]>> = {
  TIME: ['1h', 3_600_000],
  N: ['9', 9],
  SIZE: ['9KiB', 9 * 1024],
  SHARE: ['0.01', 0.01],
}

/** Settings that need others beside them. */
const companions: Readonly<Partial<Record<SettingName, readonly SettingName[]>>> = {
  tlsCert: ['tlsKey'],
  tlsKey: ['tlsCert'],
  tlsClientCa: ['tlsCert', 'tlsKey'],
  tlsClientRequired: ['tlsCert', 'tlsKey', 'tlsClientCa'],
  anonymousPull: ['htpasswd'],
  proxyUser: ['trustedProxies'],
  bucketCredentialsFile: ['bucket'],
  redirect: ['bucket'],
  requestBurst: ['maxRequestsPerSecond'],
  maxRequestsPerAddress: ['maxRequestsPerSecond'],
}

const given: Readonly<Record<string, readonly [string, unknown]>> = {
  metricsListen: ['127.0.0.1:9090', { host: '127.0.0.1', port: 9090 }],
  publicUrl: ['https://r.example:5000/', 'https://r.example:5000'],
  proxyUser: ['X-Remote-User', 'X-Remote-User'],
  trustedProxies: ['127.0.0.1,10.0.0.0/8', ['127.0.0.1', '10.0.0.0/8']],
  corsOrigins: ['https://a.example,http://b:81', ['https://a.example', 'http://b:81']],
  database: ['postgres://app@db.example/registry', 'postgres://app@db.example/registry'],
  bucket: ['s3://bytes/registry?region=eu-1', 's3://bytes/registry?region=eu-1'],
}

describe('settings', () => {
  test('with nothing said are the defaults', async () => {
    const expected = Object.fromEntries(settingNames.map((name) => [name, settings[name].default]))
    expect(await read({})).toEqual(expected)
  })

  test('a flag wins over a variable, that over the file, and that over the default', async () => {
    const config = configFile({ storageDir: 'file', maxBlob: '3GiB', pageSize: 7 })
    const environment = {
      LAYERDOCK_CONFIG: config,
      LAYERDOCK_STORAGE_DIR: 'variable',
      LAYERDOCK_MAX_BLOB: '2GiB',
    }
    const words = ['--storage-dir', 'flag']
    expect(await read({ words, environment })).toMatchObject({
      storageDir: 'flag',
      maxBlob: 2 * 2 ** 30,
      pageSize: 7,
      log: { all: 'info', areas: {} },
    })
  })

  test('--config wins over LAYERDOCK_CONFIG', async () => {
    const environment = { LAYERDOCK_CONFIG: configFile({ log: 'error' }) }
    const words = ['--config', configFile({ log: 'debug' })]
    expect((await read({ words, environment })).log.all).toBe('debug')
  })

  test.each(settingNames)('%s has a flag, a variable and a key that agree', async (name) => {
    const { value, defaultText, default: initially } = settings[name]
    const [text, meant] = given[name] ?? examples[value ?? ''] ?? ['some.pem', 'some.pem']
    const written = value === null ? String(!initially) : (defaultText ?? text)
    const expected = value === null ? !initially : defaultText === undefined ? meant : initially
    const others = companions[name] ?? []

    const words =
      value === null
        ? [`--${initially ? 'no-' : ''}${flagOf(name)}`]
        : [`--${flagOf(name)}=${written}`]
    const textOf = (other: SettingName): string =>
      other === 'bucket' ? 's3://bytes' : settings[other].value === 'N' ? '9' : '10.0.0.1'
    words.push(...others.map((other) => `--${flagOf(other)}=${textOf(other)}`))
    expect((await read({ words }))[name]).toEqual(expected)
    const variables = others.map((other) => [variableOf(other), textOf(other)])
    const environment = { [variableOf(name)]: written, ...Object.fromEntries(variables) }
    expect((await read({ environment }))[name]).toEqual(expected)
    const entries = others.map((other) => [other, textOf(other)])
    const config = configFile({ [name]: written, ...Object.fromEntries(entries) })
    expect((await read({ words: ['--config', config] }))[name]).toEqual(expected)
  })

  test('stand in the help, with the defaults people get', async () => {
    for (const name of settingNames) {
      const { value, defaultText, default: initially, schema } = settings[name]
      expect(serveHelp).toContain(
        `--${value === null && initially === true ? 'no-' : ''}${flagOf(name)}`,
      )
      if (defaultText === undefined) continue
      expect(serveHelp).toContain(`(${defaultText})`)
      expect((await read({ words: [`--${flagOf(name)}`, defaultText] }))[name]).toEqual(initially)
      expect(schema).toBeDefined()
    }
    expect(serveHelp).toMatch(/--no-deletes +refuse to delete/)
    for (const line of serveHelp.split('\n')) {
      expect(line.length).toBeLessThanOrEqual(100)
      const term = /^ {2}--[a-z-]+(?: [A-Z]+)? */.exec(line)?.[0].length ?? 30
      expect(term === 30 || term === line.length, line).toBe(true)
    }
  })

  test('switches are turned on and off, in all three ways', async () => {
    expect(await read({ words: ['--memory', '--no-deletes'] })).toMatchObject({
      memory: true,
      deletes: false,
    })
    expect(await read({ words: ['--memory=false', '--deletes=true'] })).toMatchObject({
      memory: false,
      deletes: true,
    })
    expect(
      await read({ environment: { LAYERDOCK_READ_ONLY: 'on', LAYERDOCK_DELETES: '0' } }),
    ).toMatchObject({
      readOnly: true,
      deletes: false,
    })
    expect((await read({ words: ['--config', configFile({ deletes: false })] })).deletes).toBe(
      false,
    )
  })

  test.each([
    ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
    [':5000', { host: '::', port: 5000 }],
    ['8080', { host: '127.0.0.1', port: 8080 }],
    ['[::1]:5000', { host: '::1', port: 5000 }],
    ['localhost:65535', { host: 'localhost', port: 65_535 }],
    ['unix:/run/x.sock', { socketPath: '/run/x.sock' }],
  ])('--listen %s', async (text, expected) => {
    expect((await read({ words: ['--listen', text] })).listen).toEqual(expected)
  })

  test.each([
    ['4194304', 4_194_304],
    ['4MiB', 4_194_304],
    ['4mib', 4_194_304],
    ['4 MiB', 4_194_304],
    ['1.5KiB', 1536],
    ['10GB', 10_000_000_000],
    ['2TiB', 2 * 2 ** 40],
  ])('a size of %s', async (text, expected) => {
    expect((await read({ words: ['--max-blob', text] })).maxBlob).toBe(expected)
  })

  test.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['24h', 86_400_000],
    ['7d', 7 * 86_400_000],
  ])('a time of %s', async (text, expected) => {
    expect((await read({ words: ['--lease', text] })).lease).toBe(expected)
  })

  test('lists in a file may be lists', async () => {
    const config = configFile({ trustedProxies: ['10.0.0.0/8', 'unix'] })
    expect((await read({ words: ['--config', config] })).trustedProxies).toEqual([
      '10.0.0.0/8',
      'unix',
    ])
    expect((await read({ words: ['--trusted-proxies', ' ::1 , ,unix,'] })).trustedProxies).toEqual([
      '::1',
      'unix',
    ])
  })

  test('numbers in a file may be numbers', async () => {
    const config = configFile({ maxBlob: 1024, pageSize: 10, listen: 8080 })
    expect(await read({ words: ['--config', config] })).toMatchObject({
      maxBlob: 1024,
      pageSize: 10,
      listen: { host: '127.0.0.1', port: 8080 },
    })
  })

  test('an empty variable is one that is not set', async () => {
    expect((await read({ environment: { LAYERDOCK_LOG: '' } })).log.all).toBe('info')
  })

  test.each([
    'LAYERDOCK_CONFIG',
    'LAYERDOCK_HTPASSWD',
    'LAYERDOCK_POLICY',
    'LAYERDOCK_PROXY_USER',
    'LAYERDOCK_TLS_CLIENT_CA',
    'LAYERDOCK_TLS_CLIENT_REQUIRED',
    'LAYERDOCK_READ_ONLY',
    'LAYERDOCK_DELETES',
    'LAYERDOCK_DATABASE',
    'LAYERDOCK_DATABASE_FILE',
    'LAYERDOCK_BUCKET',
    'LAYERDOCK_METRICS_TOKEN_FILE',
    'LAYERDOCK_METRICS_LISTEN',
  ])('an empty %s is a mistake: something would be open, or kept elsewhere', async (variable) => {
    const { exitCode, messages } = await problems({ environment: { [variable]: '' } })
    expect(exitCode).toBe(78)
    expect(messages.join()).toContain(`${variable}: is empty`)
  })

  test('what Kubernetes sets for a service of the same name is no mistake', async () => {
    const environment = {
      LAYERDOCK_SERVICE_HOST: '10.0.0.1',
      LAYERDOCK_SERVICE_PORT: '5000',
      LAYERDOCK_SERVICE_PORT_HTTP: '5000',
      LAYERDOCK_PORT: 'tcp://10.0.0.1:5000',
      LAYERDOCK_PORT_5000_TCP: 'tcp://10.0.0.1:5000',
      LAYERDOCK_PORT_5000_TCP_PROTO: 'tcp',
      LAYERDOCK_PORT_5000_TCP_PORT: '5000',
      LAYERDOCK_PORT_5000_TCP_ADDR: '10.0.0.1',
      LAYERDOCK_METRICS_SERVICE_HOST: '10.0.0.2',
      LAYERDOCK_METRICS_PORT: 'tcp://10.0.0.2:9090',
      LAYERDOCK_METRICS_PORT_9090_TCP: 'tcp://10.0.0.2:9090',
    }
    expect(await problems({ environment })).toEqual({ exitCode: 0, messages: [] })
  })
})

describe('secrets', () => {
  const secret = 'hunter2'

  test('a password may stand in a variable and in a file', async () => {
    const database = `postgres://app:${secret}@db/registry`
    expect((await read({ environment: { LAYERDOCK_DATABASE: database } })).database).toBe(database)
    const words = ['--config', configFile({ database })]
    expect((await read({ words })).database).toBe(database)
  })

  test.each([
    `postgres://app:${secret}@db/registry`,
    `postgresql://app@db/registry?password=${secret}`,
  ])('a password on the command line is refused: %s', async (database) => {
    const { exitCode, messages } = await problems({ words: ['--database', database] })
    expect([exitCode, messages]).toEqual([
      2,
      [expect.stringMatching(/^--database: has a password, .*LAYERDOCK_DATABASE.*PGPASSWORD/)],
    ])
    expect(messages.join()).not.toContain(secret)
  })

  test.each<[SettingName, string]>([
    ['database', `app:${secret}@db/registry`],
    ['database', `postgres://app:p@${secret}@db/registry`],
    ['database', `postgres://app:p/${secret}@db/registry`],
    ['database', `postgres://app:p#${secret}@db/registry`],
    ['bucket', `s3://key:${secret}@bytes`],
    ['bucket', `s3://bytes?secret-key=${secret}`],
    ['bucket', `${secret}@bytes`],
  ])('no message repeats what may hold one: %s %s', async (name, value) => {
    const all = [
      await problems({ words: [`--${flagOf(name)}`, value] }),
      await problems({ environment: { [variableOf(name)]: value } }),
      await problems({ words: ['--config', configFile({ [name]: value })] }),
    ]
    for (const { exitCode, messages } of all) {
      expect(exitCode).toBeGreaterThan(0)
      expect(messages.join()).not.toContain(secret)
    }
  })
})

describe('mistakes', () => {
  test.each<[readonly string[], string]>([
    [['--storge-dir', 'x'], 'did you mean --storage-dir?'],
    [['--Memory'], 'did you mean --memory?'],
    [['--no-delete'], 'did you mean --no-deletes?'],
    [['--port=5001'], '--port: no such flag; did you mean --listen 127.0.0.1:5001?'],
    [['-p', '5001'], '-p: no such flag; did you mean --listen 127.0.0.1:5001?'],
    [['--port'], 'did you mean --listen 127.0.0.1:PORT?'],
    [['--host', '0.0.0.0'], 'did you mean --listen 0.0.0.0:5000?'],
    [['--tls'], 'did you mean --tls-cert FILE and --tls-key FILE?'],
    [['--cert', 'x'], 'did you mean --tls-cert FILE and --tls-key FILE?'],
    [['--data-dir', 'x'], '--data-dir: no such flag; did you mean --storage-dir?'],
    [['--auth-htpasswd-path', 'x'], 'did you mean --htpasswd?'],
    [['--anonymous-pull'], '--anonymous-pull: needs --htpasswd'],
    [['--tls-client-ca', 'x'], '--tls-client-ca: needs --tls-cert'],
    [['--proxy-user', 'X-User'], '--proxy-user: needs --trusted-proxies'],
    [['--proxy-user', 'a b'], 'is not the name of a header'],
    [['--public-url', 'r.example'], 'is not a URL such as https://'],
    [['--public-url', 'https://r.example/hub'], 'is not a URL such as https://'],
    [['--auth'], 'did you mean --htpasswd FILE?'],
    [['--user=me'], 'did you mean --htpasswd FILE? layerdock user add writes such a file'],
    [['--debug'], 'did you mean --log debug?'],
    [['--readonly'], 'did you mean --read-only?'],
    [['--storage-driver', 's3'], 'in S3: --bucket s3://BUCKET'],
    [['--s3', 'x'], 'did you mean --bucket?'],
    [['--db', 'x'], 'did you mean --database?'],
    [['--secret-key', 'x'], 'AWS_SECRET_ACCESS_KEY'],
    [['--endpoint', 'x'], 'did you mean --bucket s3://BUCKET?endpoint=URL&region=REGION?'],
    [['--database', 'db.example'], '--database: is not a URL such as postgres://user@host'],
    [['--database', 'postgres://a@b/c', '--database-file', 'x'], 'one of them'],
    [['--bucket', 'bytes'], '--bucket: is not a URL such as s3://bucket/prefix'],
    [['--memory', '--database', 'postgres://a@b/c'], '--memory: keeps everything in memory'],
    [['--memory', '--bucket', 's3://b'], '--memory: keeps everything in memory'],
    [['--bucket-credentials-file', 'x'], '--bucket-credentials-file: needs --bucket'],
    [['--redirect', 'on'], '--redirect: needs --bucket'],
    [['--redirect', 'never'], '--redirect never: is neither on nor off nor a size such as 1MiB'],
    [['--proxy-remoteurl', 'x'], 'fetches from no other registry'],
    [['-m'], '-m: no such flag; --help says which there are'],
    [['extra'], 'extra: not expected here'],
    [['--listen'], '--listen: needs a value: --listen ADDRESS'],
    [['--listen', '--memory'], '--listen: needs a value'],
    [['--listen', 'nowhere'], '--listen nowhere: is not an address to listen on'],
    [['--listen', '127.0.0.1:70000'], 'is not an address'],
    [
      ['--log', 'inof'],
      '--log inof: is not one of error, warn, info, debug, silent; did you mean info?',
    ],
    [['--log', 'INFO'], 'did you mean info?'],
    [
      ['--log', 'info,store=loud'],
      '--log info,store=loud: store=loud is not one of error, warn, info',
    ],
    [
      ['--log', 'info,stor=debug'],
      'stor is not an area: the areas are server, access, events, store',
    ],
    [['--log', 'acess=warn'], 'webhooks; did you mean access?'],
    [['--log', 'info,warn'], 'has two levels for all areas: info and warn'],
    [['--log', 'store=warn,store=info'], 'has store twice'],
    [
      ['--log', 'store=warn=info'],
      'store=warn=info is not an area and its level, such as store=debug',
    ],
    [['--max-blob', '10Q'], '--max-blob 10Q: is not a size such as 4MiB'],
    [['--max-blob', '10MiBs'], 'did you mean 10MiB?'],
    [['--max-blob', '-1'], 'is not a size'],
    [['--max-blob', '0'], 'must be more than 0'],
    [['--max-blob', ''], 'is not a size'],
    [['--lease', '24'], '--lease 24: is not a duration such as 30s; did you mean 24s?'],
    [['--lease', '24hours'], 'is not a duration'],
    [
      ['--verify-every', '0'],
      '--verify-every 0: is not a duration such as 30d: it must be more than 0',
    ],
    [['--lease', '400d'], 'is too long'],
    [['--page-size', '1.5'], '--page-size 1.5: is not a whole number, 1 or more'],
    [['--page-size', '0'], 'is not a whole number, 1 or more'],
    [['--memory=perhaps'], '--memory perhaps: is neither true nor false'],
    [['--storage-dir='], '--storage-dir : is empty'],
    [['--trusted-proxies', '10.0.0.0/33'], '10.0.0.0/33: holds what is not an address, a range'],
    [['--cors-origins', 'https://a.example/'], 'holds what is not an origin such as https://'],
    [['--cors-origins', '*,https://a.example'], '* stands for all, so it stands alone'],
    [['--cors', '*'], 'did you mean --cors-origins?'],
    [['--trust-proxy', '::1'], 'did you mean --trusted-proxies?'],
    [['--tls-cert', 'x'], 'one needs the other'],
    [['--request-burst', '9'], 'need --max-requests-per-second'],
    [['--max-requests-per-address', '9'], 'need --max-requests-per-second'],
    [['--rate-limit', '9'], 'did you mean --max-requests-per-second?'],
  ])('on the command line: %j', async (words, message) => {
    const { exitCode, messages } = await problems({ words })
    expect(exitCode).toBe(2)
    expect(messages.join('\n')).toContain(message)
  })

  test.each([
    [
      'LAYERDOCK_STORAGEDIR',
      'x',
      'LAYERDOCK_STORAGEDIR: no such setting; did you mean LAYERDOCK_STORAGE_DIR?',
    ],
    ['LAYERDOCK_PORT', '8080', 'did you mean LAYERDOCK_LISTEN?'],
    [
      'LAYERDOCK_USERNAME',
      'x',
      'LAYERDOCK_USERNAME: no such setting; did you mean --htpasswd FILE?',
    ],
    ['LAYERDOCK_CONFG', 'x', 'did you mean LAYERDOCK_CONFIG?'],
    ['LAYERDOCK_MAX_BLOB', '10Q', 'LAYERDOCK_MAX_BLOB: 10Q: is not a size'],
    ['LAYERDOCK_DELETES', 'flase', 'is neither true nor false; did you mean false?'],
    ['LAYERDOCK_CONFIG', '/nowhere/at/all.json', 'there is no such file'],
  ])('in the environment: %s=%s', async (variable, value, message) => {
    const { exitCode, messages } = await problems({ environment: { [variable]: value } })
    expect(exitCode).toBe(78)
    expect(messages.join('\n')).toContain(message)
  })

  test.each<[unknown, string]>([
    [{ storagedir: 'x' }, '"storagedir": no such setting; did you mean "storageDir"?'],
    [{ port: 5000 }, 'did you mean "listen"?'],
    [{ dataDir: 'x' }, 'did you mean "storageDir"?'],
    [{ password: 'x' }, '"password": no such setting; did you mean --htpasswd FILE?'],
    [{ __proto__x: 1 }, 'no such setting'],
    [{ maxBlob: '10Q' }, '"maxBlob": 10Q: is not a size'],
    [{ deletes: 'nope' }, '"deletes": nope: is neither true nor false'],
    [{ trustedProxies: [1] }, '"trustedProxies": [1]: is not a list'],
    [{ deletes: 1 }, '"deletes": 1: is neither true nor false'],
    [{ storageDir: null }, '"storageDir": null: is not a text'],
    ['{"listen": ', 'is not JSON'],
    ['[]', 'is not one JSON object'],
    ['"x"', 'is not one JSON object'],
  ])('in a file: %j', async (content, message) => {
    const path = configFile(content)
    const { exitCode, messages } = await problems({ words: ['--config', path] })
    expect(exitCode).toBe(78)
    expect(messages.join('\n')).toContain(message)
    expect(messages.join('\n')).toContain(path)
  })

  test('take the word after an unknown flag for its value, and name it once', async () => {
    const { messages } = await problems({ words: ['--port', '5001', '--memry', 'extra', 'more'] })
    expect(messages).toHaveLength(3)
    expect(messages[2]).toBe('more: not expected here')
  })

  test('are all named at once, and one on the command line decides the exit code', async () => {
    const environment = { LAYERDOCK_LOK: 'x', LAYERDOCK_LEASE: 'x' }
    const { exitCode, messages } = await problems({ words: ['--lok', '--lease=x'], environment })
    expect(exitCode).toBe(2)
    expect(messages).toHaveLength(4)
  })

  test('in a weaker source count although a stronger one wins', async () => {
    const environment = { LAYERDOCK_LEASE: 'x' }
    expect((await problems({ words: ['--lease', '1h'], environment })).exitCode).toBe(78)
  })
})
