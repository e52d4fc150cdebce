import { nowMs } from '../database.ts'

/** Adds blobs: `$2` their keys, `$3` digests, `$4` bytes. The same again changes nothing. */
export const insert: string = `
  insert into small_blobs (key, digest, bytes, committed_at)
  select key, digest, bytes, ${nowMs} + $1::bigint
  from unnest($2::text[], $3::text[], $4::bytea[]) as given (key, digest, bytes)
  on conflict (key) do nothing`

/** The bytes under the key `$1`. */
export const read: string = 'select bytes from small_blobs where key = $1'

/** Removes the key `$1`; a row where it was there. */
export const remove: string = 'delete from small_blobs where key = $1 returning key'

/** At most `$2` keys after `$1`. */
export const list: string = `
  select key, digest, octet_length(bytes) as size, committed_at from small_blobs
  where key > $1 order by key limit $2::bigint`
