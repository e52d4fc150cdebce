/**
 * Indexes for the orders of tags, and what older rows lack. A version of its own: nothing here locks out a read, however
 * long it takes, and a push waits.
 */
export const version4: string = `
create index tags_updated on tags (repo, updated_at, name);
create index tags_version on tags (repo, layerdock_version_key(name), name);
create index tags_size on tags (repo, content_size, name);

update repository_counts c set pushed_at = m.pushed_at
  from (select repo, max(pushed_at) as pushed_at from manifests group by repo) as m
  where m.repo = c.repo and (c.pushed_at is null or c.pushed_at < m.pushed_at);

-- Collections find out the sizes of what older versions pushed, one repository after the other: after this id.
insert into moments (name, at) select 'sized', 0 where exists (select 1 from manifests);
`
