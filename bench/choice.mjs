// The options that the programs of the tables share: what is measured, how often and where.

import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { programFolder } from './program.mjs'
import {
  bareServer,
  dockerRegistry,
  hasRuntime,
  layerdock,
  measuredRuntimes,
  peer,
} from './servers.mjs'

/** @import { Server } from './types.ts' */

const peersVariable = 'BENCH_PEERS'
const tmpfs = 0x01021994
const installed = measuredRuntimes.filter(hasRuntime).join(',')

/** @type {string[]} */
const none = []

/** The options, for `programOptions`. */
export const sharedOptions = /** @type {const} */ ({
  quick: { type: 'boolean', default: false },
  rounds: { type: 'string', default: '5' },
  only: { type: 'string' },
  runtime: { type: 'string', default: installed },
  peer: { type: 'string', multiple: true, default: none },
  without: { type: 'string', multiple: true, default: none },
  dir: { type: 'string', default: tmpdir() },
  json: { type: 'string' },
})

/** What `--help` says of them. */
export const sharedUsage = `
  --quick                the small sizes: minutes, not hours
  --rounds N             how often each scenario runs on each server (default: 5)
  --runtime NAME[,NAME…] what Layerdock and the bare servers run on (default: ${installed})
  --peer NAME=PROGRAM    another registry, as bench/README.md says; may be repeated, and
                         ${peersVariable} may name more
  --without NAME         not this server, or not the kind: layerdock, bare, peer; may be repeated
  --dir FOLDER           where they keep things, on a disk (default: ${tmpdir()})
  --json FILE            write every figure there`

/**
 * The number of rounds.
 * @param {string} text
 * @throws {Error} when it is not one
 */
export function roundsOf(text) {
  const rounds = Number(text)
  if (!(Number.isInteger(rounds) && rounds > 0)) throw new Error('--rounds takes a whole number')
  return rounds
}

/**
 * The servers to measure, Layerdock first.
 * @param {object} options
 * @param {string} options.runtime names with commas between them
 * @param {readonly string[]} options.peer as `peer` takes them
 * @param {readonly string[]} options.without names and kinds
 * @returns {Server[]}
 * @throws {Error} when none is left
 */
export function chosenServers({ runtime, peer: peers, without }) {
  const runtimes = runtime.split(',')
  const debian = dockerRegistry()
  const servers = [
    ...runtimes.map(layerdock),
    ...runtimes.map(bareServer),
    ...chosenPeers(peers),
    ...(debian === null ? [] : [debian]),
  ].filter(({ name, kind }) => !without.includes(name) && !without.includes(kind))
  // One that is given by hand takes the place of Debian's.
  const chosen = [...new Map(servers.reverse().map((server) => [server.name, server])).values()]
  if (chosen.length === 0) throw new Error('no server is left to measure')
  return chosen.reverse()
}

/**
 * The other registries that options and the environment name; one that is named twice counts once.
 * @param {readonly string[]} peers as `peer` takes them
 * @returns {Server[]}
 */
export function chosenPeers(peers) {
  const fromEnvironment = (process.env[peersVariable] ?? '').split(/\s+/).filter(Boolean)
  const named = [...fromEnvironment, ...peers].map(peer)
  return [...new Map(named.map((server) => [server.name, server])).values()]
}

/**
 * A folder for what they keep, which goes when the program ends.
 * @param {string} dir
 * @param {number} bytes how much may be written there
 * @returns {string}
 * @throws {Error} when it is in memory, or has not enough space
 */
export function benchFolder(dir, bytes) {
  const folder = programFolder(dir, 'bench')
  const { type, bavail, bsize } = statfsSync(folder)
  if (type === tmpfs) {
    throw new Error(
      `${folder} is in memory, where a sync costs nothing: give a folder on a disk with --dir`,
    )
  }
  if (bavail * bsize < bytes) {
    throw new Error(`${folder} has ${bavail * bsize} bytes free, and this run may take ${bytes}`)
  }
  return folder
}

/**
 * The command that this program was started with.
 * @param {string} program
 */
export function commandLine(program) {
  return [`node ${program}`, ...process.argv.slice(2).map(quoted)].join(' ')
}

/** @param {string} word */
function quoted(word) {
  return /[\s{}*]/.test(word) ? `'${word}'` : word
}
