// The server of the month and its commands, as an operator has them.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Variables of its own, so that those of the tests say nothing. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('LAYERDOCK_')),
)

export class Layerdock {
  #port = 0
  /** @type {import('node:child_process').ChildProcess | null} */
  #child = null
  kills = 0

  /**
   * @param {object} given
   * @param {readonly string[]} given.command how the program is started
   * @param {string} given.top a folder of the month's own
   * @param {readonly string[]} given.flags of `serve`
   * @param {string} [given.name] of its folder and its log
   */
  constructor({ command, top, flags, name = 'registry' }) {
    this.command = command
    this.folder = join(top, name)
    this.logFile = join(top, `${name}.log`)
    this.flags = flags
    // What is left running at the end of a month that failed.
    process.once('exit', () => this.#child?.kill('SIGKILL'))
  }

  get url() {
    return `http://127.0.0.1:${this.#port}`
  }

  /** Every line of its log so far. @returns {Record<string, any>[]} */
  log() {
    return readFileSync(this.logFile, 'utf8')
      .split('\n')
      .flatMap((line) => {
        try {
          return [JSON.parse(line)]
        } catch {
          // The last line of a server that was killed.
          return []
        }
      })
  }

  /** Starts the server, at the port it had before, and waits until it listens. */
  async start() {
    const [program = '', ...before] = this.command
    const out = openSync(this.logFile, 'a')
    const lines = this.log().length
    const { length } = readFileSync(this.logFile, 'utf8')
    const listen = ['--listen', `127.0.0.1:${this.#port}`, '--storage-dir', this.folder]
    const child = spawn(program, [...before, 'serve', ...listen, ...this.flags], {
      env: environment,
      stdio: ['ignore', out, out],
    })
    closeSync(out)
    this.#child = child
    for (;;) {
      const listening = this.log()
        .slice(lines)
        .find(({ msg }) => msg === 'listening')
      if (listening !== undefined) {
        this.#port = Number(new URL(listening.url).port)
        return
      }
      if (child.exitCode !== null) {
        const said = readFileSync(this.logFile, 'utf8').slice(length)
        throw new Error(`the server ended: ${said.slice(0, 4000)}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  async kill() {
    this.kills += 1
    await this.#end('SIGKILL')
    await this.start()
  }

  async stop() {
    await this.#end('SIGTERM')
  }

  async #end(/** @type {NodeJS.Signals} */ signal) {
    const child = this.#child
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }

  /**
   * Runs a command on the folder of the server, or on what its words say.
   * @param {readonly string[]} words
   * @param {readonly string[]} [place]
   * @returns {Promise<{ code: number | null, out: string, err: string }>}
   */
  async run(words, place = ['--storage-dir', this.folder]) {
    const [program = '', ...before] = this.command
    const child = spawn(program, [...before, ...words, ...place], { env: environment })
    const ended = once(child, 'close')
    let [out, err] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text) => {
      out += text
    })
    child.stderr.setEncoding('utf8').on('data', (text) => {
      err += text
    })
    const [code] = await ended
    return { code, out, err }
  }

  /**
   * The result of a command that must go well; asked again where the server was killed meanwhile.
   * @param {readonly string[]} words
   * @returns {Promise<any>}
   */
  async result(words) {
    for (let attempt = 1; ; attempt += 1) {
      const { code, out, err } = await this.run([...words, '--json'])
      if (code === 0) return JSON.parse(out)
      const passes = /ended in the middle|a process has this folder|is under way/.test(err)
      if (!passes || attempt === 20) throw new Error(`layerdock ${words.join(' ')}: ${err}${out}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}
