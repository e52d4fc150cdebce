#!/bin/sh
# Writes the root of an image made of this machine's own Debian packages and Node, as a tar archive, for machines
# that cannot pull one: local-base.sh FILE NODE [npm]. With npm it can build, without it is a base to run on.
set -eu
file=$1 node=$2 npm=${3:-}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
packages="base-files dash libc6 libgcc-s1 libstdc++6"
[ -z "$npm" ] || packages="$packages coreutils sed grep util-linux libselinux1 libpcre2-8-0 libacl1 libattr1 libgmp10 libblkid1 libmount1 libsmartcols1 libtinfo6 libcap-ng0 libcap2 libsystemd0 libudev1 libuuid1 libcrypt1 zlib1g"
mkdir -p "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib" "$root/usr/lib64" "$root/usr/local/bin" "$root/etc" "$root/proc" "$root/dev" "$root/sys"
mkdir -m 1777 "$root/tmp" "$root/var" "$root/var/tmp" 2>/dev/null || true
for name in bin sbin lib lib64; do ln -s "usr/$name" "$root/$name"; done
# Of documents and translations an image has no use.
dpkg -L $packages | grep -vE '^/usr/share/(doc|man|locale|info|lintian|bug)|^/usr/lib/x86_64-linux-gnu/gconv' | sort -u |
  while read -r path; do if [ -f "$path" ] || [ -L "$path" ]; then echo "$path"; fi; done |
  sed -E 's,^/(bin|sbin|lib|lib64)/,/usr/\1/,' | sort -u > "$root/tmp/list"
tar -C / -cf - --ignore-failed-read -T "$root/tmp/list" 2>/dev/null | tar -C "$root" -xf -
rm "$root/tmp/list"
[ -e "$root/bin/sh" ] || ln -s dash "$root/usr/bin/sh"
echo 'root:x:0:0:root:/root:/bin/sh' > "$root/etc/passwd"
echo 'root:x:0:' > "$root/etc/group"
if [ -n "$npm" ]; then
  cp -L "$node" "$root/usr/local/bin/node"
  modules=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
  mkdir -p "$root/usr/lib/npm"
  cp -R "$modules/." "$root/usr/lib/npm/"
  ln -s ../../lib/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
fi
tar -C "$root" -cf "$file" .
