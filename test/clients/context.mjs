// The tools of every client's file: run programs, compare bytes, and clean up.
import { spawn } from 'node:child_process'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { reachable } from './image.mjs'
import { fileDigest, same } from './runner.mjs'

/**
 * The images that are pushed: one large, and an index of three platforms.
 * @typedef {object} Samples
 * @property {import('./image.mjs').Sample} big
 * @property {import('./image.mjs').Sample} index
 */

/** The folder, the registry and the clean-up of one client. */
export class Context {
  /** @type {(() => Promise<unknown> | unknown)[]} */
  #deferred = []

  /**
   * @param {object} given
   * @param {string} given.host `127.0.0.1:PORT`
   * @param {string} given.dir an empty folder of the client's own
   * @param {string} given.prefix the first part of every repository it may use
   * @param {Samples} given.samples
   * @param {import('./wire.mjs').Wire} given.wire
   * @param {boolean} given.referrersApi whether the registry has one
   * @param {import('./login.mjs').Login | null} given.login `null`: it asks for none
   */
  constructor({ host, dir, prefix, samples, wire, referrersApi, login }) {
    this.host = host
    this.dir = dir
    this.samples = samples
    this.wire = wire
    this.referrersApi = referrersApi
    this.login = login
    this.#prefix = prefix
  }

  #prefix

  /** @param {string} name @returns {string} a repository of this client's own */
  repo(name) {
    return `${this.#prefix}/${name}`
  }

  /** @param {string} repo @param {string} tag @returns {string} `HOST/REPO:TAG` */
  ref(repo, tag = 'v1') {
    return `${this.host}/${this.repo(repo)}${tag.includes(':') ? '@' : ':'}${tag}`
  }

  /** @param {string} name @returns {string} a path in this client's folder */
  path(name) {
    return join(this.dir, name)
  }

  /** @param {() => Promise<unknown> | unknown} action done at the end, the last one first */
  defer(action) {
    this.#deferred.push(action)
  }

  /** @returns {Promise<string[]>} what went wrong while cleaning up */
  async cleanUp() {
    const problems = []
    for (const action of this.#deferred.splice(0).reverse()) {
      try {
        await action()
      } catch (error) {
        problems.push(`${error}`)
      }
    }
    return problems
  }

  /**
   * The environment of every program. Its home is the client's folder, so that it neither reads nor
   * changes the settings of the person who runs this.
   * @param {Record<string, string>} [more]
   * @returns {Record<string, string>}
   */
  env(more = {}) {
    return {
      PATH: process.env.PATH ?? '',
      HOME: this.dir,
      TMPDIR: this.dir,
      XDG_RUNTIME_DIR: this.dir,
      REGISTRY_AUTH_FILE: join(this.dir, 'auth.json'),
      ...more,
    }
  }

  /**
   * Runs a program to its end.
   * @param {string} program
   * @param {readonly string[]} args
   * @param {{ env?: Record<string, string>, input?: string, seconds?: number }} [options]
   * @returns {Promise<string>} its standard output
   * @throws {Error} when it fails; the end of what it printed is included
   */
  run(program, args, { env = {}, input = '', seconds = 240 } = {}) {
    return new Promise((resolve, reject) => {
      const child = spawn(program, args, { cwd: this.dir, env: this.env(env) })
      const tooLong = setTimeout(() => child.kill('SIGKILL'), seconds * 1000)
      let [out, err] = ['', '']
      child.stdout.setEncoding('utf8').on('data', (text) => {
        out += text
      })
      child.stderr.setEncoding('utf8').on('data', (text) => {
        err += text
      })
      child.stdin.on('error', () => {}).end(input)
      child.on('error', reject)
      child.on('close', (code, signal) => {
        clearTimeout(tooLong)
        if (code === 0) return resolve(out)
        const said = `${out}${err}`.trim().slice(-1200)
        reject(new Error(`${program} ${args.join(' ')}: ended with ${code ?? signal}\n${said}`))
      })
    })
  }

  /**
   * Starts a daemon. The clean-up ends it by its process id.
   * @param {string} program
   * @param {readonly string[]} args
   * @param {Record<string, string>} [env]
   * @returns {{ alive: () => boolean, said: () => string }}
   */
  daemon(program, args, env = {}) {
    const child = spawn(program, args, {
      cwd: this.dir,
      env: this.env(env),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const closed = new Promise((resolve) => child.once('exit', resolve))
    child.once('error', () => {})
    let printed = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        printed = (printed + text).slice(-20_000)
      })
    }
    const endWithUs = () => child.kill('SIGKILL')
    process.once('exit', endWithUs)
    this.defer(async () => {
      const tooLong = setTimeout(endWithUs, 20_000)
      if (child.kill('SIGTERM')) await closed
      clearTimeout(tooLong)
      process.removeListener('exit', endWithUs)
    })
    return {
      alive: () => child.exitCode === null && child.signalCode === null,
      said: () => printed,
    }
  }

  /**
   * Checks that the registry has a whole sample under this name.
   * @param {string} repo
   * @param {string} reference
   * @param {import('./image.mjs').Sample} sample
   * @returns {Promise<string>} what was compared
   */
  async holds(repo, reference, { root }) {
    const found = await this.wire.checkImage(this.repo(repo), reference)
    same(found.digest, root.digest, `${repo}:${reference}`)
    return `${found.blobs} blobs, ${(found.bytes / 1e6).toFixed(1)} MB`
  }

  /**
   * Checks that a layout which a client wrote has a sample's root and everything below it, byte for byte.
   * @param {string} dir
   * @param {import('./image.mjs').Sample} sample
   * @returns {Promise<string>} what was compared
   */
  async layoutHolds(dir, { root, layout }) {
    const entries = JSON.parse(await readFile(join(dir, 'index.json'), 'utf8')).manifests
    same(entries[0]?.digest, root.digest, `the root of ${dir}`)
    const { manifests, blobs } = await reachable(layout, root.digest)
    for (const digest of [...manifests, ...blobs]) {
      const path = join(dir, 'blobs', ...digest.split(':'))
      same(await fileDigest(path), digest, path)
    }
    return `${blobs.length} blobs`
  }

  /** @param {string} name @returns {Promise<string>} a new folder in this client's folder */
  async folder(name) {
    const path = this.path(name)
    await mkdir(path, { recursive: true })
    return path
  }
}
