import fc from 'fast-check'

/** Strings that attackers and broken clients send in place of a name, a tag or a digest. */
export const hostileStrings: readonly string[] = [
  '',
  ' ',
  '.',
  '..',
  '../etc/passwd',
  '..%2f..%2fetc',
  '/',
  '//',
  'a//b',
  '/a',
  'a/',
  'a\\b',
  'a\0b',
  'a\nb',
  'a\r\nSet-Cookie: x',
  'a\n',
  '\na',
  'A',
  'ä',
  'a\u0301',
  '\u212a',
  '\u017f',
  '\ud800',
  '\ufeffa',
  'a b',
  'a;b',
  '%',
  '%00',
  '%2F',
  '__proto__.x/',
  'sha256:',
  ':',
  'sha256:..',
  'a'.repeat(256),
]

/** Long strings that make a backtracking grammar hang. */
export const longStrings: readonly string[] = [
  'a',
  '-',
  '_',
  '.',
  '/',
  ':',
  'a-',
  'a/',
  'a.',
  '__',
  'a__',
  'a:',
  '0',
  ' ',
  '\t',
  'a;',
  '"',
  '\\',
].flatMap((piece) => {
  const long = piece.repeat(100_000 / piece.length)
  return [long, `${long}!`, `a${long}`, `sha256:${long}`, `bytes=${long}`, `a/${long}`]
})

/** Strings of every kind, more often with the characters of the grammar. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({
    unit: fc.constantFrom(...'abz09AZ._-/:+=,;" \t\n%\\'.split('')),
    maxLength: 300,
  }),
  fc.constantFrom(...hostileStrings),
)
