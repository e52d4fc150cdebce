/** What is in a folder that is not there. */
export function absent(error: unknown): string[] {
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'ENOENT') return []
  throw error
}
