import { textOf } from './documented.ts'
import { done } from './tools.ts'

/** The system calls of a set of systemd, such as `@system-service`. */
function callsOf(set: string): readonly string[] {
  const lines = done('systemd-analyze', ['syscall-filter', '--no-pager', set]).split('\n').slice(1)
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .flatMap((name) => (name.startsWith('@') ? callsOf(name) : [name]))
}

/** What `SystemCallFilter` of our unit lets the server call, as a profile that container runtimes read. */
export function profileOfUnit(): object {
  const unit = textOf('deploy/systemd/layerdock.service')
  const filters = [...unit.matchAll(/^SystemCallFilter=(~?)(.*)$/gm)]
  const sets = (mark: string): readonly string[] =>
    filters.filter(([, tilde]) => tilde === mark).flatMap(([, , names = '']) => names.split(' '))
  const denied = new Set(sets('~').flatMap(callsOf))
  const names = [...new Set(sets('').flatMap(callsOf))].filter((name) => !denied.has(name))
  const allowed = { names, action: 'SCMP_ACT_ALLOW' }
  return { defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 1, syscalls: [allowed] }
}
