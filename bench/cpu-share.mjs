// A limit on how much of a core processes may use, by a control group of Linux.

import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const period = 20_000

/**
 * Lets these processes use at most `share` of a core together. Returns a function that gives up the limit once
 * they have ended; or null where the machine does not allow it.
 * @param {string} name
 * @param {readonly number[]} pids
 * @param {number} share
 * @returns {(() => void) | null}
 */
export function limitCpu(name, pids, share) {
  const root = '/sys/fs/cgroup'
  const first = existsSync(join(root, 'cpu'))
  const folder = join(root, first ? 'cpu' : '', `layerdock-bench-${process.pid}-${name}`)
  const quota = `${Math.round(share * period)}`
  try {
    mkdirSync(folder)
    if (first) {
      writeFileSync(join(folder, 'cpu.cfs_period_us'), `${period}`)
      writeFileSync(join(folder, 'cpu.cfs_quota_us'), quota)
    } else {
      writeFileSync(join(folder, 'cpu.max'), `${quota} ${period}`)
    }
    for (const pid of pids) writeFileSync(join(folder, 'cgroup.procs'), `${pid}`)
  } catch {
    remove(folder)
    return null
  }
  return () => remove(folder)
}

/** @param {string} folder */
function remove(folder) {
  try {
    rmdirSync(folder)
  } catch {
    // It is not there, or its processes are.
  }
}
