/**
 * Milliseconds of CPU that this process used while `work` ran. Unlike the time on the clock, they do not
 * grow when other programs keep the machine busy, so a test may set a limit: one that pathological
 * input, such as a regular expression that backtracks, exceeds many times over.
 */
export async function cpuMs(work: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
