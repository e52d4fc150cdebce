/**
 * What a page that people look at asks: who pushed a manifest, how large its content is, when a repository was last
 * pushed to, and the order of tags by version. Nodes of version 2 go on over these tables; what they push has
 * neither a size nor a name of who pushed it.
 */
export const version3: string = `
-- The key of versionKey (src/oci/tag-version.ts), for an index; both are tested against each other. In plpgsql, whose
-- plans a connection keeps. It calls nothing of its own, so that an index can be built under any search_path.
create function layerdock_version_key(tag text) returns text
  language plpgsql immutable strict parallel safe as $$
declare
  found text[] := regexp_match(split_part(tag, '_', 1),
    '^v?([0-9]+(?:[.][0-9]+){1,3})(?:-([0-9A-Za-z-]+(?:[.][0-9A-Za-z-]+)*))?$');
  key text := '0';
  part text;
  digits text;
begin
  if found is null then
    key := '1';
    for part in select run[1] from regexp_matches(tag, '[0-9]+|[^0-9]+', 'g') as runs (run) loop
      digits := ltrim(part, '0');
      key := key || case when part ~ '^[0-9]' then '0' || lpad(to_hex(length(digits)), 2, '0') || digits else part end;
    end loop;
    return key;
  end if;
  for n in 1..4 loop
    digits := ltrim(split_part(found[1], '.', n), '0');
    key := key || lpad(to_hex(length(digits)), 2, '0') || digits;
  end loop;
  if found[2] is null then return key || '~'; end if;
  key := key || '-';
  foreach part in array string_to_array(found[2], '.') loop
    digits := ltrim(part, '0');
    key := key || case when part ~ '^[0-9]+$' then '0' || lpad(to_hex(length(digits)), 2, '0') || digits
      else '1' || part || '!' end;
  end loop;
  return key;
end $$;

-- content_size: of what a manifest names, in bytes; null where it is not known.
alter table manifests add column pushed_by text;
alter table manifests add column content_size bigint;
alter table deleted add column pushed_by text;
alter table deleted add column content_size bigint;

-- content_size: that of its manifest, for an index; -1 where it is not known.
alter table tags add column content_size bigint not null default -1;

-- pushed_at: when a manifest was last pushed; null where none was.
alter table repository_counts add column pushed_at bigint;
`
