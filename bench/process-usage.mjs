// CPU and memory that processes have used, as Linux counts it. On other systems each figure is null.

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

/** @type {number | null} */
let ticks = null

function ticksPerSecond() {
  ticks ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
  return ticks
}

/**
 * Seconds of CPU that all threads of the process have used so far, in user and kernel mode.
 * @param {number} pid
 */
export function cpuSeconds(pid) {
  return unlessMissing(() => sumOfTicks(pid, 11, 13) / ticksPerSecond())
}

/**
 * Seconds of CPU that the process and its children have used so far, also of those children that ended.
 * @param {number} pid
 */
export function familyCpuSeconds(pid) {
  return unlessMissing(() => {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')
    const alive = children.flatMap((child) =>
      child === '' ? [] : (unlessMissing(() => sumOfTicks(Number(child), 11, 15)) ?? 0),
    )
    const ticks = alive.reduce((sum, value) => sum + value, sumOfTicks(pid, 11, 15))
    return ticks / ticksPerSecond()
  })
}

/**
 * Of user and kernel mode, own and of children that ended, one after the other from the eleventh on.
 * @param {number} pid
 * @param {number} from
 * @param {number} to
 */
function sumOfTicks(pid, from, to) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name stands in parentheses and may hold spaces, so fields are counted from its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields.slice(from, to).reduce((sum, field) => sum + Number(field), 0)
}

/**
 * Microseconds of CPU that the threads of the process which are alive have used so far, as the scheduler
 * counts them: to the nanosecond, where `cpuSeconds` counts ticks of 10 ms.
 * @param {number} pid
 */
export function cpuMicros(pid) {
  return unlessMissing(() => {
    let nanoseconds = 0
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const used = unlessMissing(() =>
        readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ', 1),
      )
      nanoseconds += Number(used ?? 0)
    }
    return nanoseconds > 0 ? nanoseconds / 1000 : null
  })
}

/** Seconds of CPU that all processes of the machine have used since it booted. */
export function machineCpuSeconds() {
  return unlessMissing(() => {
    const [, user, nice, system, , , irq, softirq, steal] = readFileSync(
      '/proc/stat',
      'utf8',
    ).split(/\s+/, 9)
    const busy = [user, nice, system, irq, softirq, steal].reduce(
      (sum, part) => sum + Number(part),
      0,
    )
    return busy / ticksPerSecond()
  })
}

/**
 * Bytes of memory now (`VmRSS`).
 * @param {number} pid
 */
export function residentBytes(pid) {
  return statusBytes(pid, 'VmRSS')
}

/**
 * The most bytes of memory since the start, or since `forgetPeak` (`VmHWM`).
 * @param {number} pid
 */
export function peakBytes(pid) {
  return statusBytes(pid, 'VmHWM')
}

/**
 * Lets the peak start again from what is resident now. Null where that is not allowed.
 * @param {number} pid
 */
export function forgetPeak(pid) {
  return unlessMissing(() => {
    writeFileSync(`/proc/${pid}/clear_refs`, '5')
    return true
  })
}

/**
 * @param {number} pid
 * @param {string} name
 */
function statusBytes(pid, name) {
  return unlessMissing(() => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)
    return found === null ? null : Number(found[1]) * 1024
  })
}

/**
 * @template T
 * @param {() => T} read
 */
function unlessMissing(read) {
  try {
    return read()
  } catch {
    return null
  }
}
