/** A field of a document as a decoder of Go reads it into a string: absent is empty, another type is an error. */
export function textField(value: unknown, name: string): string {
  const field = fieldOf(value, name)
  if (field === undefined || field === null) return ''
  if (typeof field !== 'string') throw new Error(`${name} is not a text`)
  return field
}

/** The same of a whole number. */
export function countField(value: unknown, name: string): number {
  const field = fieldOf(value, name)
  if (field === undefined || field === null) return 0
  if (typeof field !== 'number' || !Number.isInteger(field))
    throw new Error(`${name} is not a whole number`)
  return field
}

/** The same of a list: absent is empty. */
export function listField(value: unknown, name: string): readonly unknown[] {
  const field = fieldOf(value, name)
  if (field === undefined || field === null) return []
  if (!Array.isArray(field)) throw new Error(`${name} is not a list`)
  return field
}

/** A field that is an object, or null: absent is an empty one. */
export function objectField(value: unknown, name: string): unknown {
  const field = fieldOf(value, name)
  if (field === undefined || field === null) return {}
  if (typeof field !== 'object' || Array.isArray(field)) throw new Error(`${name} is not an object`)
  return field
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) throw new Error('is not an object')
  return Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined
}
