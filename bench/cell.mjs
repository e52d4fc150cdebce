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
  try {
    await load.ask({ step: 'prepare', scenario: scenario.id, port: server.port, size })
    if (!wholePeak) forgetPeak(server.pid)
    const cpuBefore = cpuSeconds(server.pid)
    const machineBefore = machineCpuSeconds()
    const figures = await load.ask({ step: 'run' })
    const serverCpuSeconds = difference(cpuSeconds(server.pid), cpuBefore)
    const machine = difference(machineCpuSeconds(), machineBefore)
    const peak = peakBytes(server.pid)
    await load.ask({ step: 'check' })
    return {
      ...figures,
      serverCpuSeconds,
      cpuMicrosPerOperation:
        serverCpuSeconds === null ? null : (serverCpuSeconds * 1e6) / (figures.operations ?? 0),
      peakBytes: peak,
      // On a shared machine, disturbances are part of the measurement.
      otherCpuSeconds: othersShare(machine, serverCpuSeconds, figures.clientCpuSeconds ?? 0),
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
