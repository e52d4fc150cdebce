/** Whether this is Deno. */
export const onDeno: boolean = 'Deno' in globalThis

/**
 * What transfers may borrow together on Deno, in bytes: less than elsewhere, because Deno takes more
 * memory beside what is budgeted.
 */
export const transferBytes: number = 16 * 1024 * 1024
