import { entry } from '../help-entry.ts'

const others = `${entry('--no-prepared-statements', 'for a PgBouncer that pools transactions')}
${entry('--rate SIZE', 'copy at most so many bytes a second, such as 50MiB')}
${entry('--concurrency N', 'blobs and manifests copied at a time (16)')}
${entry('--json', 'print the result as JSON')}`

/** What `layerdock backup --help` prints. */
export const backupHelp: string = `layerdock backup: make a backup of a registry, while it is served or not.

  layerdock backup DIR [--storage-dir DIR]
  layerdock backup DIR --database URL --bucket URL
  layerdock backup - > backup.tar
  layerdock backup DIR --list

A backup has the repositories, tags, manifests, blobs and times of one moment. The next one to the same
folder copies only what is new, and each is a generation that can be restored by itself. Every byte is
hashed as it is copied. A backup that was stopped is none: the next one goes on from there.

Not in it: uploads under way, deleted things that could still be restored, users, API tokens,
signing keys, policies, certificates and settings.

${entry('DIR', 'the folder of backups, made where there is none; - writes a tar archive to standard output')}
${entry('--storage-dir DIR', 'the folder of the registry, as layerdock serve takes it')}
${entry('--database URL, --database-file FILE, --bucket URL, --bucket-credentials-file FILE', 'the same for a registry in PostgreSQL and S3')}
${entry('--keep N', 'once it is whole, remove all but the newest N generations, and the bytes that only they had (all stay)')}
${entry('--verify', 'read and hash all bytes of the new generation again')}
${entry('--list', 'list the generations that DIR has, and make none')}
${others}

Exit codes: 0 where the backup is whole, 1 where something is missing or damaged in the registry, which
is named, or the backup failed; 2 for a wrong command line.
`

/** What `layerdock restore --help` prints. */
export const restoreHelp: string = `layerdock restore: make a registry of a backup.

  layerdock restore FROM DIR
  layerdock restore - DIR < backup.tar
  layerdock restore FROM --to-database URL --to-bucket URL

Every byte is hashed on its way; in the end the registry is compared with the backup. What it is restored
to has to be empty. A folder takes the place of a registry once all of it is there: a server refuses it
before that, and the same command goes on from where it was stopped. So it does with a database.

${entry('FROM', 'a folder of backups, or - for an archive on standard input, which is unpacked first: there has to be room for it twice')}
${entry('DIR', 'the folder of the new registry, absent or empty')}
${entry('--to-database URL, --to-database-file FILE, --to-bucket URL, --to-bucket-credentials-file FILE', 'restore to PostgreSQL and S3')}
${entry('--generation NAME', 'one that layerdock backup FROM --list shows (the newest)')}
${entry('--resume', 'go on in a database that the interrupted restore of an older version left')}
${entry('--accept-loss', 'have a registry served although bytes of the backup are missing or damaged, without them')}
${others}

Users, API tokens, signing keys, policies and settings are not in a backup: keep copies of their files.

Exit codes: 0 where all of the backup is there, 1 where it is not, 2 for a wrong command line.
`
