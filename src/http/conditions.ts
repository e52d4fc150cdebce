/** Entity tags of a condition, bare: without quotes and without `W/`; `*` stays. */
export function entityTags(header: string): readonly string[] {
  return header
    .split(',')
    .map((part) =>
      part
        .trim()
        .replace(/^W\//, '')
        .replace(/^"(.*)"$/, '$1'),
    )
    .filter((tag) => tag !== '')
}

/** Whether `If-None-Match` says that the client has this digest (RFC 9110, section 13.1.2). */
export function clientHas(headers: Headers, digest: string): boolean {
  const header = headers.get('if-none-match')
  if (header === null) return false
  return entityTags(header).some((tag) => tag === '*' || tag === digest)
}

/**
 * Whether `If-Range`, where there is one, still wants the range (RFC 9110, section 13.1.5). A date, a
 * weak tag, or something that is neither asks for the whole blob.
 */
export function rangeStillWanted(headers: Headers, digest: string): boolean {
  const header = headers.get('if-range')
  return header === null || header.trim() === `"${digest}"`
}
