// One scenario on one running server: a cell of the table, once.

import { execFile } from 'node:child_process'
import { startLoad } from './load.mjs'
import { cpuSeconds, forgetPeak, machineCpuSeconds, peakBytes } from './process-usage.mjs'

/** @import { Measured, RunningServer, Scenario, Size } from './types.ts' */

/**
 * Measures `scenario` on `server` in a client process of its own. Resolves with the figures, or with
 * `{ failed }` and the reason: an unexpected answer, wrong bytes, or more than `timeoutMs` in all.
 * The peak of memory is the scenario's own, or with `wholePeak` the server's since its start.
 * @template {Size} S
 * @param {Scenario<S>} scenario
 * @param {S} size
 * @param {RunningServer} server
 * @param {{ timeoutMs?: number, wholePeak?: boolean }} [options]
 * @returns {Promise<Measured>}
 */
export async function measure(
  scenario,
  size,
  server,
  { timeoutMs = 180_000, wholePeak = false } = {},
) {
  await flushDisk()
  const load = startLoad(timeoutMs)
  const pids = server.pids ?? [server.pid]
  const port = server.target ?? server.port
  try {
    await load.ask({ step: 'prepare', scenario: scenario.id, port, size })
    if (!wholePeak) pids.map(forgetPeak)
    const besideBefore = (await server.beside?.()) ?? {}
    const cpuBefore = total(pids.map(cpuSeconds))
    const machineBefore = machineCpuSeconds()
    const figures = await load.ask({ step: 'run' })
    const serverCpuSeconds = difference(total(pids.map(cpuSeconds)), cpuBefore)
    const machine = difference(machineCpuSeconds(), machineBefore)
    const beside = differences((await server.beside?.()) ?? {}, besideBefore)
    const peak = total(pids.map(peakBytes))
    await load.ask({ step: 'check' })
    const needed = Object.entries(beside).filter(([name]) => name.endsWith('CpuSeconds'))
    return {
      ...figures,
      ...beside,
      serverCpuSeconds,
      cpuMicrosPerOperation:
        serverCpuSeconds === null ? null : (serverCpuSeconds * 1e6) / (figures.operations ?? 0),
      peakBytes: peak,
      // On a shared machine, disturbances are part of the measurement.
      otherCpuSeconds: othersShare(
        machine,
        total([serverCpuSeconds, ...needed.map(([, seconds]) => seconds)]),
        figures.clientCpuSeconds ?? 0,
      ),
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : `${error}`
    const ended = server.ended()
    return { failed: ended === null ? reason : `${reason}; the server ${ended}` }
  } finally {
    load.stop()
  }
}

/** Writes out what another server has left unwritten, so that no server starts with it. */
export function flushDisk() {
  return new Promise((resolve) => execFile('sync', () => resolve(undefined)))
}

/**
 * @param {number | null} machine
 * @param {number | null} server
 * @param {number} client
 */
function othersShare(machine, server, client) {
  return machine === null || server === null ? null : Math.max(0, machine - server - client)
}

/**
 * @param {number | null} after
 * @param {number | null} before
 */
function difference(after, before) {
  return after === null || before === null ? null : after - before
}

/**
 * The sum; null where one is not known.
 * @param {readonly (number | null)[]} values
 */
function total(values) {
  return values.reduce(
    (sum, value) => (sum === null || value === null ? null : sum + value),
    /** @type {number | null} */ (0),
  )
}

/**
 * By how much each has grown; what was not there before began at nothing.
 * @param {Readonly<Record<string, number | null>>} after
 * @param {Readonly<Record<string, number | null>>} before
 * @returns {Record<string, number | null>}
 */
function differences(after, before) {
  return Object.fromEntries(
    Object.entries(after).map(([name, value]) => [name, difference(value, before[name] ?? 0)]),
  )
}
