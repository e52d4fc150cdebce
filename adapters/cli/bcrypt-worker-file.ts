/**
 * The program of the thread that checks passwords: beside this module in the sources; in what is built, this module may be
 * in a part, one folder below. A single-file executable has another module in the place of this one (executable.mjs).
 */
export function bcryptWorkerFile(): URL {
  const { url } = import.meta
  if (url.endsWith('.ts')) return new URL('./bcrypt-worker.ts', url)
  const isPart = new URL('.', url).pathname.endsWith('/parts/')
  return new URL(isPart ? '../bcrypt-worker.js' : './bcrypt-worker.js', url)
}
