// What a process has used, as Linux counts it; null for every figure elsewhere.

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

let ticks = null

function ticksPerSecond() {
  ticks ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
  return ticks
}

/** Seconds of CPU that all threads of the process have used so far, in user and kernel mode. */
export function cpuSeconds(pid) {
  return unlessMissing(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name stands in parentheses and may hold spaces, so fields are counted from its end.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond()
  })
}

/** Seconds of CPU that the whole machine has been busy with since it booted, whoever used them. */
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

/** Bytes of memory now (`VmRSS`). */
export function residentBytes(pid) {
  return statusBytes(pid, 'VmRSS')
}

/** The most bytes of memory since the start, or since `forgetPeak` (`VmHWM`). */
export function peakBytes(pid) {
  return statusBytes(pid, 'VmHWM')
}

/** Lets the peak start again from what is resident now. False where that is not allowed. */
export function forgetPeak(pid) {
  return unlessMissing(() => {
    writeFileSync(`/proc/${pid}/clear_refs`, '5')
    return true
  })
}

function statusBytes(pid, name) {
  return unlessMissing(() => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)
    return found === null ? null : Number(found[1]) * 1024
  })
}

function unlessMissing(read) {
  try {
    return read()
  } catch {
    return null
  }
}
