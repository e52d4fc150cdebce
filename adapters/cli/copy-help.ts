import { entry } from './help-entry.ts'

/** What `layerdock copy --help` prints. */
export const copyHelp: string = `layerdock copy: copy a registry from one place to another.

  layerdock copy --from DIR --to-database URL --to-bucket URL
  layerdock copy --from-database URL --from-bucket URL --to DIR
  layerdock copy --from DIR --to DIR
  layerdock copy --from https://registry.example.com --to DIR
  layerdock copy --from DIR --to https://registry.example.com

Repositories, blobs, manifests, tags, referrers and their times are copied; uploads under way are not,
nor users, API tokens and policies. Bytes are hashed on the way: what is missing or damaged in the
source is named, left out, and makes the exit code 1. At the end both sides are compared. A copy that
was stopped continues when it is run again.

Nothing that the target has is changed, unless --mirror is given. The source is never written. Stop
its server, or start it with --read-only, so that it has nothing new in the end; --running copies what
it has while it still takes pushes, for a first pass.

${entry('--from DIR', 'the folder of the registry that is copied')}
${entry('--from-database URL', 'its names are in PostgreSQL: postgres://user@host:5432/database. A password belongs in PGPASSWORD or a file')}
${entry('--from-database-file FILE', 'a file that holds such a URL, with its password')}
${entry('--from-bucket URL', 'its bytes are in S3: s3://bucket/prefix, as layerdock serve --bucket takes it')}
${entry('--from-bucket-credentials-file FILE', 'keys for the bucket, where they are not those of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY')}
${entry('--to…', 'the same for where it is copied to; a folder is made where there is none. With a database and no bucket, or a bucket and no database, the folder has the rest')}
${entry('--from URL, --to URL', 'a registry over HTTP; --from https://registry.example.com/team/app:v1 names one repository, or one tag')}
${entry('--from-credentials-file FILE', 'holds user:password for it; otherwise the login is the one that docker login keeps, or podman and skopeo, also in a credential helper')}
${entry('--from-realm URL', 'the login may go to this token server too, as https://auth.example.com; otherwise it goes to the registry alone')}
${entry('--no-prepared-statements', 'for a PgBouncer that pools transactions')}

${entry('--running', 'the server of --from still writes its folder: copy what is there at this moment')}
${entry('--mirror', 'make the target as the source is: tags move, and what the source does not have is removed')}
${entry('--dry-run', 'say what would be copied, with bytes, and copy nothing; a new database gets its tables')}
${entry('--verify', 'read all bytes of the target again at the end; the next copy replaces what is damaged')}
${entry('--repository NAME[:TAG]', 'over HTTP: only this repository, or only this tag and its referrers; may be given again')}
${entry('--move-tags', 'over HTTP: tags move that stand for something else in the target')}
${entry('--rate SIZE', 'send at most so many bytes a second, such as 50MiB')}
${entry('--concurrency N', 'blobs, manifests and tags copied at a time (16; 8 over HTTP)')}
${entry('--json', 'print the result as JSON')}

  layerdock copy --from ./layerdock-data --running --to /mnt/new       # while clients push
  layerdock copy --from ./layerdock-data --to /mnt/new --mirror        # once they do not

A registry over HTTP shows what its tags lead to, with referrers; --mirror is for stores on both
sides. docs/move.md tells the rest.

Exit codes: 0 where the target has all that the source has, 1 where it does not or something failed,
2 for a wrong command line.
`
