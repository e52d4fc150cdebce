import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { project } from './documented.ts'
import { answers, done, type Finished, run } from './tools.ts'

/** buildah and podman with images, volumes and settings of their own. */
export interface Containers {
  readonly folder: string
  /** Runs one of them. */
  run(command: string, words: readonly string[], input?: string): Finished
  /** The same where it has to succeed. @throws Error with what it said. */
  done(command: string, words: readonly string[], input?: string): string
  /** Builds `deploy/Containerfile` over bases that are made of this machine's packages. */
  build(tag: string): void
  remove(): void
}

/** Makes a folder for them; the driver is the first that works there. */
export function openContainers(): Containers {
  const folder = mkdtempSync(join(tmpdir(), 'layerdock-containers-'))
  const environment = {
    HOME: folder,
    TMPDIR: folder,
    CONTAINERS_CONF: join(folder, 'containers.conf'),
    CONTAINERS_STORAGE_CONF: join(folder, 'storage.conf'),
    REGISTRY_AUTH_FILE: join(folder, 'auth.json'),
    BUILDAH_ISOLATION: 'chroot',
  }
  mkdirSync(join(folder, '.config/containers'), { recursive: true })
  writeFileSync(
    join(folder, '.config/containers/policy.json'),
    '{"default":[{"type":"insecureAcceptAnything"}]}',
  )
  writeFileSync(environment.REGISTRY_AUTH_FILE, '{}')
  // A sandbox may allow fewer files than their default asks for.
  writeFileSync(
    environment.CONTAINERS_CONF,
    '[containers]\ndefault_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]\n[engine]\ncgroup_manager = "cgroupfs"\n',
  )
  const use = (driver: string): void =>
    writeFileSync(
      environment.CONTAINERS_STORAGE_CONF,
      `[storage]\ndriver = "${driver}"\ngraphroot = "${folder}/graph"\nrunroot = "${folder}/run"\n`,
    )
  use('overlay')
  if (run('buildah', ['from', '--name', 'probe', 'scratch'], environment).status !== 0) {
    rmSync(`${folder}/graph`, { recursive: true, force: true })
    use('vfs')
  } else done('buildah', ['rm', 'probe'], environment)

  const containers: Containers = {
    folder,
    run: (command, words, input) => run(command, words, environment, input),
    done: (command, words, input) => done(command, words, environment, input),
    build(tag) {
      for (const [name, npm] of [
        ['local-node', ['npm']],
        ['local-base', []],
      ] as const) {
        const tar = join(folder, `${name}.tar`)
        done('sh', [`${project}test/deploy/local-base.sh`, tar, process.execPath, ...npm])
        const file = join(folder, `${name}.Containerfile`)
        writeFileSync(
          file,
          `FROM scratch\nADD ${name}.tar /\nENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n`,
        )
        containers.done('buildah', ['bud', '--tag', name, '--file', file, folder])
        rmSync(tar)
      }
      const settings = join(folder, 'npmrc')
      writeFileSync(settings, npmSettings())
      const cache = done('npm', ['config', 'get', 'cache']).trim()
      mkdirSync(cache, { recursive: true })
      const home = '/root'
      const volumes = [`${settings}:${home}/.npmrc:ro`, `${cache}:${home}/.npm`]
      if (existsSync('/etc/ssl/certs')) volumes.push('/etc/ssl/certs:/etc/ssl/certs:ro')
      containers.done('buildah', [
        'bud',
        ...['--tag', tag, '--file', `${project}deploy/Containerfile`],
        ...['--build-arg', 'NODE=localhost/local-node', '--build-arg', 'BASE=localhost/local-base'],
        ...volumes.flatMap((volume) => ['--volume', volume]),
        project,
      ])
    },
    remove() {
      if (answers('podman', '--version')) {
        run('podman', ['rm', '--all', '--force', '--time', '0', '--volumes'], environment)
      }
      run('buildah', ['rm', '--all'], environment)
      run('buildah', ['rmi', '--all', '--force'], environment)
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
    },
  }
  return containers
}

/** What npm has to know of this machine's network, for a build in a container. */
function npmSettings(): string {
  const kept = ['registry', 'cafile', 'proxy', 'https-proxy'].flatMap((name) => {
    const value = done('npm', ['config', 'get', name]).trim()
    return value === '' || value === 'null' ? [] : [`${name}=${value}`]
  })
  return [...kept, 'prefer-offline=true', 'audit=false', 'fund=false', ''].join('\n')
}

/** The version of the package. */
export const version: string = JSON.parse(readFileSync(`${project}package.json`, 'utf8')).version
