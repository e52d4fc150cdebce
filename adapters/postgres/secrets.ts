import { type Database, nowMs } from './database.ts'

/** A text that all nodes share: a `KeyStore` of `layerdock/access`. */
export interface SharedText {
  /** The text; null where there is none yet. */
  read(): Promise<string | null>
  /** Replaces the text unless another did since `before` was read; whether it is `after` now. */
  replace(before: string | null, after: string): Promise<boolean>
}

const made = `
  insert into secrets as kept (name, value, created_at) values ($1, $2::bytea, ${nowMs})`

/** 32 random bytes by this name: made by the first node that asks, and the same on every node. */
export async function sharedSecret(database: Database, name: string): Promise<Uint8Array> {
  const fresh = crypto.getRandomValues(new Uint8Array(32))
  // The update changes nothing: it has the row returned that another node made.
  const [row] = await database.query<{ readonly value: Uint8Array }>(
    `${made} on conflict (name) do update set value = kept.value returning value`,
    [`secret ${name}`, fresh],
  )
  if (row === undefined) throw new Error(`the secret ${name} was not kept`)
  return row.value
}

/** The text by this name. */
export function sharedText(database: Database, name: string): SharedText {
  const key = `text ${name}`
  const read = async (): Promise<string | null> => {
    const [row] = await database.query<{ readonly value: Uint8Array }>(
      'select value from secrets where name = $1',
      [key],
    )
    return row === undefined ? null : new TextDecoder().decode(row.value)
  }
  return {
    read,
    async replace(before, after) {
      const [old, next] = [before, after].map((text) =>
        text === null ? null : new TextEncoder().encode(text),
      ) as [Uint8Array | null, Uint8Array]
      const changed =
        old === null
          ? await database.query(`${made} on conflict (name) do nothing returning name`, [
              key,
              next,
            ])
          : await database.query(
              'update secrets set value = $2::bytea where name = $1 and value = $3::bytea returning name',
              [key, next, old],
            )
      // It may be so already, where an earlier answer got lost.
      return changed.length > 0 || (await read()) === after
    },
  }
}
