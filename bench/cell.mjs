// One road on one running server: a cell of the table, once.

import { execFile, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { cpuSeconds, forgetPeak, machineCpuSeconds, peakBytes } from './process-usage.mjs'

const client = fileURLToPath(new URL('./client.mjs', import.meta.url))

/**
 * Measures `road` on `server` in a client process of its own. Resolves with the figures, or with
 * `{ failed }` and the reason: one answer that was not expected, wrong bytes, or more than
 * `timeoutMs` in all. The peak of memory is the road's own, or with `wholePeak` the server's since its start.
 */
export async function measure(road, size, server, { timeoutMs = 180_000, wholePeak = false } = {}) {
  await flushDisk()
  const load = startLoad(timeoutMs)
  try {
    await load.ask('prepare', { road: road.id, port: server.port, size })
    if (!wholePeak) forgetPeak(server.pid)
    const cpuBefore = cpuSeconds(server.pid)
    const machineBefore = machineCpuSeconds()
    const figures = await load.ask('run')
    const serverCpuSeconds = difference(cpuSeconds(server.pid), cpuBefore)
    const machine = difference(machineCpuSeconds(), machineBefore)
    const peak = peakBytes(server.pid)
    await load.ask('check')
    return {
      ...figures,
      serverCpuSeconds,
      cpuMicrosPerOperation:
        serverCpuSeconds === null ? null : (serverCpuSeconds * 1e6) / figures.operations,
      peakBytes: peak,
      // What disturbs a measurement on a shared machine is part of it.
      otherCpuSeconds: othersShare(machine, serverCpuSeconds, figures.clientCpuSeconds),
    }
  } catch (error) {
    const ended = server.ended()
    return { failed: ended === null ? error.message : `${error.message}; the server ${ended}` }
  } finally {
    load.stop()
  }
}

function startLoad(timeoutMs) {
  const child = fork(client, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  let waiting = null
  const settle = (message) => {
    const answer = waiting
    waiting = null
    if (answer === null) return
    if (message.failed === undefined) answer.resolve(message.done)
    else answer.reject(new Error(message.failed))
  }
  child.on('message', settle)
  child.on('exit', (code, signal) => settle({ failed: `the client ended with ${code ?? signal}` }))
  const timer = setTimeout(() => {
    settle({ failed: `not done in ${timeoutMs / 1000} seconds` })
    child.kill('SIGKILL')
  }, timeoutMs)
  return {
    ask: (step, details = {}) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject }
        child.send({ step, ...details })
      }),
    stop() {
      clearTimeout(timer)
      child.kill('SIGKILL')
    },
  }
}

/** Lets nobody start with what another server has left unwritten. */
function flushDisk() {
  return new Promise((resolve) => execFile('sync', () => resolve()))
}

function othersShare(machine, server, client) {
  return machine === null || server === null ? null : Math.max(0, machine - server - client)
}

function difference(after, before) {
  return after === null || before === null ? null : after - before
}
