import type { RegistryEvent } from '../ports/events.ts'

/** What an event is about. */
export type EventKind = RegistryEvent['kind']

/** Several kinds of events under one word. */
export type EventGroup = 'push' | 'delete' | 'restore' | 'pull'

/** What an endpoint may ask for. */
export type EventName = EventKind | EventGroup

/** Every kind of event. */
export const eventKinds: readonly EventKind[] = [
  'manifest-pushed',
  'tag-moved',
  'tag-deleted',
  'manifest-deleted',
  'blob-pushed',
  'blob-mounted',
  'blob-deleted',
  'repository-deleted',
  'manifest-restored',
  'tag-restored',
  'blob-restored',
  'repository-restored',
  'manifest-pulled',
  'blob-pulled',
]

/** The words for several kinds. */
export const eventGroups: Readonly<Record<EventGroup, readonly EventKind[]>> = {
  push: ['manifest-pushed'],
  delete: ['manifest-deleted', 'tag-deleted', 'repository-deleted'],
  restore: ['manifest-restored', 'tag-restored', 'repository-restored'],
  pull: ['manifest-pulled'],
}

/** Whether an event changes nothing: such events are sent at most once. */
export function isPull(kind: EventKind): boolean {
  return kind === 'manifest-pulled' || kind === 'blob-pulled'
}

/** The kinds a name stands for; null for an unknown name. */
export function kindsOf(name: string): readonly EventKind[] | null {
  if (Object.hasOwn(eventGroups, name)) return eventGroups[name as EventGroup]
  const kind = eventKinds.find((each) => each === name)
  return kind === undefined ? null : [kind]
}
