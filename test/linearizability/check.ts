import { type History, isChange, type Operation } from './history.ts'
import { agrees, empty, type State, step, textOf } from './model.ts'

/** An order that was tried as far as it went: what was done, and what the repository then had. */
interface Attempt {
  readonly state: State
  /** Every answered operation before this one is done. */
  readonly first: number
  /** Answered operations after `first` that are done, in ascending order. */
  readonly beyond: readonly number[]
  /** Operations without an answer that took effect, in ascending order. */
  readonly taken: readonly number[]
}

/** How many attempts one repository may take. What takes more is not decided, and that is an error. */
const mostAttempts = 2_000_000

/** The repositories whose histories no order explains, in words; none where all are linearizable. */
export function anomaliesIn(history: History): readonly string[] {
  return [...history.repositories].flatMap(([repository, operations]) => {
    const anomaly = anomalyIn(operations)
    return anomaly === null ? [] : [`repository ${repository}: ${anomaly}`]
  })
}

/**
 * Looks for an order of the operations of one repository that agrees with their answers, and in which one that
 * ended before another began comes first (Wing and Gong). A set of done operations with the same state is
 * tried once (Lowe). Null where there is an order; else where the longest attempt ended.
 *
 * @throws Error where it takes too many attempts to tell
 */
export function anomalyIn(operations: readonly Operation[]): string | null {
  const byStart = operations.toSorted((one, other) => one.start - other.start)
  const answered = byStart.filter(({ answer }) => answer !== null)
  const unanswered = byStart.filter(({ answer, call }) => answer === null && isChange(call))
  const begin: Attempt = { state: empty, first: 0, beyond: [], taken: [] }
  const open: Attempt[] = [begin]
  const seen: Set<string> = new Set([keyOf(begin)])
  let longest = begin
  for (let attempt = open.pop(); attempt !== undefined; attempt = open.pop()) {
    if (attempt.first === answered.length) return null
    if (doneIn(attempt) > doneIn(longest)) longest = attempt
    for (const next of nextOf(attempt, answered, unanswered)) {
      const key = keyOf(next)
      if (seen.has(key)) continue
      if (seen.size === mostAttempts) throw new Error(`not decided in ${mostAttempts} attempts`)
      seen.add(key)
      open.push(next)
    }
  }
  const stuck = eligible(longest, answered).map((index) => answered[index])
  return `with ${textOf(longest.state)} none of these can follow: ${JSON.stringify(stuck)}`
}

/** Every attempt that is one operation longer, the most likely one last. */
function nextOf(
  attempt: Attempt,
  answered: readonly Operation[],
  unanswered: readonly Operation[],
): readonly Attempt[] {
  const indexes = eligible(attempt, answered)
  const next: Attempt[] = []
  for (const index of indexes) {
    const { call, answer } = answered[index] as Operation
    const { state, answer: right } = step(attempt.state, call)
    if (answer === null || !agrees(right, answer)) continue
    const longer = withAnswered(attempt, index, state)
    // No change, wherever it comes: any order that has it later may as well have it now. A push is different: it
    // may set a tag again that another call moves in between.
    if (state === attempt.state && answer.outcome !== 'stored') return [longer]
    next.push(longer)
  }
  const firstEnd = Math.min(...indexes.map((index) => (answered[index] as Operation).end))
  for (const [index, { call, start }] of unanswered.entries()) {
    if (start > firstEnd) break
    if (attempt.taken.includes(index)) continue
    const { state } = step(attempt.state, call)
    if (state === attempt.state) continue
    const taken = [...attempt.taken, index].sort((one, other) => one - other)
    next.unshift({ ...attempt, state, taken })
  }
  return next
}

/** The answered operations that can come next: those that began before any that is not done ended, the last to end first. */
function eligible({ first, beyond }: Attempt, answered: readonly Operation[]): readonly number[] {
  const indexes: number[] = []
  let firstEnd = Number.POSITIVE_INFINITY
  for (let index = first; index < answered.length; index += 1) {
    const { start, end } = answered[index] as Operation
    if (start > firstEnd) break
    if (beyond.includes(index)) continue
    indexes.push(index)
    firstEnd = Math.min(firstEnd, end)
  }
  const endOf = (index: number): number => answered[index]?.end ?? 0
  return indexes.sort((one, other) => endOf(other) - endOf(one))
}

function withAnswered(attempt: Attempt, index: number, state: State): Attempt {
  const beyond = [...attempt.beyond, index].sort((one, other) => one - other)
  let { first } = attempt
  while (beyond[0] === first) {
    beyond.shift()
    first += 1
  }
  return { ...attempt, state, first, beyond }
}

function doneIn({ first, beyond }: Attempt): number {
  return first + beyond.length
}

function keyOf({ state, first, beyond, taken }: Attempt): string {
  return `${first};${beyond};${taken};${textOf(state)}`
}
