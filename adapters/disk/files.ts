/** What a path leads to, symbolic links not followed. */
export interface FileStat {
  readonly kind: 'file' | 'directory' | 'other'
  /** In bytes. */
  readonly size: number
  /** When its content, name or attributes last changed (ctime), in milliseconds since the epoch. */
  readonly changedAt: number
  /** Tells two files apart, whatever their names. */
  readonly identity: string
  /**
   * Tells a file from every copy of it, and stays when it is moved, when the machine starts again, and when its file
   * system is mounted elsewhere. No spaces.
   */
  readonly place: string
}

/**
 * How a file is opened. `create` fails where anything has the name already; `ensure` makes the file
 * where there is none; `read` and `write` want one. All but `read` may write.
 */
export type OpenMode = 'read' | 'write' | 'create' | 'ensure'

/** An open regular file. */
export interface OpenFile {
  /** The descriptor, for what must be handed to another process or to a runtime's own calls. */
  readonly fd: number
  /** In bytes, when it was opened. */
  readonly size: number
  /** As {@link FileStat.identity}. */
  readonly identity: string
  /** Writes from `position` on and returns how many bytes went; may be fewer than were given. */
  write(chunks: readonly Uint8Array[], position: number): Promise<number>
  /** Reads up to `length` bytes to `into[offset]`; 0 at the end of the file. */
  read(into: Uint8Array, offset: number, length: number, position: number): Promise<number>
  /**
   * As {@link read}, without waiting: for a few bytes that the system has in memory. A trip to a thread
   * and back costs many times the call.
   */
  readNow(into: Uint8Array, offset: number, length: number, position: number): number
  /** The bytes and the size outlive power loss when it resolves. Never repeat one that failed. */
  datasync(): Promise<void>
  truncate(size: number): Promise<void>
  /** Waits for calls under way, so that no other file can take over their descriptor. */
  close(): Promise<void>
}

/** An open folder. */
export interface OpenDirectory {
  /** Names made, changed and removed before the call outlive power loss when it resolves. */
  sync(): Promise<void>
  close(): Promise<void>
}

/**
 * All the disk store asks of a file system, and the one place where a test lets it fail.
 *
 * Every method throws RegistryError `storageFull` where there is no room, `unavailable` where there
 * are no descriptors left, `storageReadOnly` where the file system is read-only, and otherwise the
 * system's own error, `code` included. The last part of a path is never followed where it is a
 * symbolic link.
 */
export interface Files {
  /** @throws Error with code `EFTYPE` for what is no regular file, `ELOOP` for a symbolic link. */
  open(path: string, mode: OpenMode): Promise<OpenFile>
  openDirectory(path: string): Promise<OpenDirectory>
  /** Null when nothing has that name. */
  stat(path: string): Promise<FileStat | null>
  /**
   * As {@link stat}, without waiting: for names that are in use, which the system has in memory. A trip
   * to a thread and back costs many times the call.
   */
  statNow(path: string): FileStat | null
  /** Replaces what has the name `to`. */
  rename(from: string, to: string): Promise<void>
  /** Gives a file a second name; `to` must be free. */
  link(from: string, to: string): Promise<void>
  /** False when nothing has that name. */
  unlink(path: string): Promise<boolean>
  /** False when something has that name. */
  makeDirectory(path: string): Promise<boolean>
  /** The names in a folder, in no order, read as they are asked for. */
  list(path: string): AsyncIterable<string>
}
