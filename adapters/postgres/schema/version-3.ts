/**
 * What a page that people look at asks: tags in four orders, who pushed a manifest, how large its content is, and when a
 * repository was last pushed to. Nodes of version 2 go on over these tables: what they push has no size and no
 * principal, and their pushes do not count as a repository's last.
 */
export const version3: string = `
-- The key of versionKey (src/oci/tag-version.ts), for an index: both are tested against each other.
create function layerdock_number_key(digits text) returns text
  language sql immutable strict parallel safe
  return lpad(to_hex(length(ltrim(digits, '0'))), 2, '0') || ltrim(digits, '0');
create function layerdock_version_key(tag text) returns text
  language sql immutable strict parallel safe
  return coalesce((
    select '0' || layerdock_number_key(split_part(found[1], '.', 1))
        || layerdock_number_key(split_part(found[1], '.', 2))
        || layerdock_number_key(split_part(found[1], '.', 3))
        || layerdock_number_key(split_part(found[1], '.', 4))
        || case when found[2] is null then '~' else '-' || (
          select string_agg(case when part ~ '^[0-9]+$' then '0' || layerdock_number_key(part) else '1' || part || '!' end,
            '' order by n)
          from unnest(string_to_array(found[2], '.')) with ordinality as parts (part, n)) end
    from regexp_match(split_part(tag, '_', 1),
      '^v?([0-9]+(?:\\.[0-9]+){1,3})(?:-([0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*))?$') as found
    where found is not null),
    '1' || (
      select string_agg(case when run[1] ~ '^[0-9]' then '0' || layerdock_number_key(run[1]) else run[1] end, '' order by n)
      from regexp_matches(tag, '[0-9]+|[^0-9]+', 'g') with ordinality as runs (run, n)));

-- content_size: of what a manifest names, in bytes; null where it is not known.
alter table manifests add column pushed_by text;
alter table manifests add column content_size bigint;
alter table deleted add column pushed_by text;
alter table deleted add column content_size bigint;

-- When a manifest was last pushed; null where none was.
alter table repository_counts add column pushed_at bigint;
update repository_counts c set pushed_at = m.pushed_at
  from (select repo, max(pushed_at) as pushed_at from manifests group by repo) as m
  where m.repo = c.repo;

-- content_size: that of its manifest, for an index; -1 where it is not known.
alter table tags add column content_size bigint not null default -1;
create index tags_updated on tags (repo, updated_at, name);
create index tags_version on tags (repo, layerdock_version_key(name), name);
create index tags_size on tags (repo, content_size, name);

-- Manifests of earlier versions get their size in steps (sizes.ts): those after this id have yet to be looked at.
insert into moments (name, at) select 'sized', 0 where exists (select 1 from manifests);
`
