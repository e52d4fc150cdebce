import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { makeCertificate } from '../cli/certificates.ts'
import { freePorts } from '../services/process.ts'
import { textOf } from './documented.ts'
import { answers, type Finished, run } from './tools.ts'

/** A proxy whose snippet is tried as it stands, but for addresses and paths. */
export interface Proxy {
  readonly name: string
  readonly isInstalled: boolean
  readonly advice: string
  /** Writes its configuration; the file to give to it. */
  write(place: Place): string
  /** The command that checks a configuration. */
  check(file: string): readonly string[]
  /** The command that serves, in the foreground. */
  serve(file: string, place: Place): readonly string[]
}

/** Where a proxy listens and where it sends requests. */
export interface Place {
  readonly folder: string
  readonly port: number
  /** Of the server behind it. */
  readonly to: number
  readonly cert: string
  readonly key: string
}

/** Replaces texts that each have to be there. */
function replaced(text: string, pairs: ReadonlyArray<readonly [from: string, to: string]>): string {
  return pairs.reduce((result, [from, to]) => {
    if (!result.includes(from)) throw new Error(`${from}: not in the snippet`)
    return result.replaceAll(from, to)
  }, text)
}

const nginx: Proxy = {
  name: 'nginx',
  isInstalled: answers('nginx', '-v'),
  advice: 'apt-get install nginx-light',
  write({ folder, port, to, cert, key }) {
    const file = join(folder, 'layerdock.conf')
    writeFileSync(
      file,
      replaced(textOf('deploy/proxies/nginx.conf'), [
        ['listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`],
        ['/etc/ssl/registry/cert.pem', cert],
        ['/etc/ssl/registry/key.pem', key],
        ['http://127.0.0.1:5000', `http://127.0.0.1:${to}`],
      ]),
    )
    const all = join(folder, 'nginx.conf')
    const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    for (const kind of kinds) mkdirSync(join(folder, kind))
    const paths = kinds.map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(' ')
    const user = userInfo().uid === 0 ? 'user root;' : ''
    writeFileSync(
      all,
      `${user} daemon off; pid ${folder}/pid; error_log ${folder}/error.log;\n` +
        `events {}\nhttp { access_log off; ${paths} include ${file}; }\n`,
    )
    return all
  },
  check: (file) => ['nginx', '-t', '-c', file],
  serve: (file, { folder }) => ['nginx', '-e', join(folder, 'error.log'), '-c', file],
}

const haproxy: Proxy = {
  name: 'haproxy',
  isInstalled: answers('haproxy', '-v'),
  advice: 'apt-get install haproxy',
  write({ folder, port, to, cert, key }) {
    const all = join(folder, 'all.pem')
    writeFileSync(all, `${readFileSync(cert, 'utf8')}${readFileSync(key, 'utf8')}`)
    const file = join(folder, 'haproxy.cfg')
    writeFileSync(
      file,
      replaced(textOf('deploy/proxies/haproxy.cfg'), [
        ['bind :443 ', `bind 127.0.0.1:${port} `],
        ['/etc/ssl/registry/all.pem', all],
        ['127.0.0.1:5000', `127.0.0.1:${to}`],
      ]),
    )
    return file
  },
  check: (file) => ['haproxy', '-c', '-f', file],
  serve: (file) => ['haproxy', '-db', '-f', file],
}

const caddy: Proxy = {
  name: 'caddy',
  isInstalled: answers('caddy', 'version'),
  advice: 'apt-get install caddy',
  write({ folder, port, to, cert, key }) {
    const file = join(folder, 'Caddyfile')
    const settings = `{\n\tadmin off\n\tauto_https off\n\tstorage file_system ${folder}/caddy\n}\n`
    const site = replaced(textOf('deploy/proxies/Caddyfile'), [
      [
        'registry.example.com {',
        `https://registry.example.com:${port} {\n\tbind 127.0.0.1\n\ttls ${cert} ${key}`,
      ],
      ['127.0.0.1:5000', `127.0.0.1:${to}`],
    ])
    writeFileSync(file, settings + site)
    return file
  },
  check: (file) => ['caddy', 'validate', '--adapter', 'caddyfile', '--config', file],
  serve: (file) => ['caddy', 'run', '--adapter', 'caddyfile', '--config', file],
}

/** The proxies that can be tried here. */
export const proxies: readonly Proxy[] = [nginx, haproxy, caddy]

/** A proxy at work. */
export interface RunningProxy {
  readonly port: number
  readonly checked: Finished
  stop(): Promise<void>
}

/** Checks the snippet and serves by it, with a certificate of its own. */
export async function startProxy(proxy: Proxy, to: number): Promise<RunningProxy> {
  const folder = mkdtempSync(join(tmpdir(), `layerdock-${proxy.name}-`))
  const [port = 0] = await freePorts(1)
  const place = { folder, port, to, ...makeCertificate(folder, 'registry.example.com') }
  const file = proxy.write(place)
  const [checker = '', ...checking] = proxy.check(file)
  const environment = { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
  const checked = run(checker, checking, environment)
  const [server = '', ...words] = proxy.serve(file, place)
  const child = spawn(server, words, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  const ended = once(child, 'exit')
  const deadline = performance.now() + 30_000
  while (!(await isOpen(port))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      throw new Error(`${proxy.name} does not start: ${checked.out}${checked.err}${said}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return {
    port,
    checked,
    async stop() {
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await ended
      clearTimeout(late)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
