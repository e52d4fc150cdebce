/**
 * Calls a callback of the program, which must harm nothing. TypeScript takes an async function for one
 * that returns nothing, and a rejection that nothing handles ends the process.
 *
 * @param failed is told what the callback threw, or what its promise was rejected with later
 */
export function callSafely(callback: () => unknown, failed: (error: unknown) => void): void {
  try {
    const result = callback()
    if (typeof result === 'object' && result !== null) Promise.resolve(result).catch(failed)
  } catch (error) {
    failed(error)
  }
}
