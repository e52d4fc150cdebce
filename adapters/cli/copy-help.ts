import { entry } from './help.ts'

/** What `layerdock copy --help` prints. */
export const copyHelp: string = `layerdock copy: copy a registry from one place to another.

  layerdock copy --from DIR --to DIR

Repositories, blobs, manifests, tags, referrers and their times are copied; upload sessions are not,
nor users, API tokens and policies. Bytes are hashed on the way: what is missing or damaged in the
source is named, left out, and makes the exit code 1. In the end both sides are compared. A copy that
was stopped goes on where it was when it is run again.

Nothing that the target has is changed, unless --mirror is given. The source is never written. Stop its
server, or start it with --read-only, so that it has nothing new in the end; --running copies what it
has while it still takes pushes, for a first pass.

${entry('--from DIR', 'the folder of the registry that is copied')}
${entry('--to DIR', 'the folder it is copied to; made where there is none')}
${entry('--running', 'the server of --from still writes: copy what is there at this moment')}
${entry('--mirror', 'make the target as the source is: tags move, and what the source does not have is removed')}
${entry('--dry-run', 'say what would be copied, with bytes, and change nothing')}
${entry('--verify', 'read all bytes of the target again in the end; what is damaged is copied anew next time')}
${entry('--rate SIZE', 'send at most so many bytes a second, such as 50MiB')}
${entry('--concurrency N', 'blobs, manifests and tags copied at a time (16)')}
${entry('--json', 'print the result as JSON')}

  layerdock copy --from ./layerdock-data --running --to /mnt/new       # while clients push
  layerdock copy --from ./layerdock-data --to /mnt/new --mirror        # once they do not

Exit codes: 0 where the target has all that the source has, 1 where it does not or something failed,
2 for a wrong command line.
`
