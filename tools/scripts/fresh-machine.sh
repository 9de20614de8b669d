#!/bin/sh
# Runs the README's two commands on a fresh minimal Debian 12: the proof that nothing else is needed.
#
#   fresh-machine.sh [--mirror URL] [--folder FOLDER] [--ccache FOLDER] [--keep] [make-target...]
#
# Makes a chroot with debootstrap, puts in git and make alone, clones this repository's HEAD to /root/polytile there and
# runs the make targets (demo and test, unless others are named) one after the other, with the time of each.
#   --mirror URL      Debian mirror; otherwise the one that this machine's apt uses
#   --folder FOLDER   where the chroot is made (default /var/tmp/polytile-fresh-machine); it must not exist
#   --ccache FOLDER   use this compiler cache in the chroot: a warm build, instead of a cold one
#   --keep            leave the chroot behind
# Needs root, and debootstrap. Logs lie in FOLDER.logs.
set -eu

mirror="" folder=/var/tmp/polytile-fresh-machine ccache="" keep=no targets=""
while [ "$#" -gt 0 ]; do
  case "$1" in
    --mirror) mirror=$2; shift ;;
    --folder) folder=$2; shift ;;
    --ccache) ccache=$2; shift ;;
    --keep) keep=yes ;;
    -*) sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    *) targets="$targets $1" ;;
  esac
  shift
done
targets=${targets:-demo test}
repository=$(cd "$(dirname "$0")/../.." && pwd)

[ "$(id -u)" -eq 0 ] || { echo "needs root: it makes a chroot" >&2; exit 1; }
command -v debootstrap >/dev/null 2>&1 || { echo "needs debootstrap (apt-get install debootstrap)" >&2; exit 1; }
[ ! -e "$folder" ] || { echo "$folder exists: remove it or choose another --folder" >&2; exit 1; }
if [ -z "$mirror" ]; then
  # shellcheck disable=SC2016  # apt's own placeholder
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Identifier: Packages' | head -n 1)
  [ -n "$mirror" ] || { echo "this machine's apt names no Debian mirror: give --mirror URL" >&2; exit 1; }
fi

# Mounts live in a namespace of their own: they vanish with the script, and can't be removed with the chroot by mistake.
if [ "${POLYTILE_FRESH_MACHINE_NAMESPACE:-}" != yes ]; then
  set -- --mirror "$mirror" --folder "$folder" ${ccache:+--ccache "$ccache"}
  [ "$keep" = no ] || set -- "$@" --keep
  # shellcheck disable=SC2086
  POLYTILE_FRESH_MACHINE_NAMESPACE=yes exec unshare --mount --propagation private "$0" "$@" $targets
fi

logs="$folder.logs"
rm -rf "$logs"
mkdir -p "$logs"
seconds() { date +%s; }

inside() {
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=dumb chroot "$folder" "$@"
}

echo "Making a minimal Debian 12 in $folder"
debootstrap --variant=minbase bookworm "$folder" "$mirror" >"$logs/debootstrap.log" 2>&1 ||
  { tail -n 5 "$logs/debootstrap.log" >&2; exit 1; }
cp /etc/resolv.conf "$folder/etc/resolv.conf"
mount -t proc proc "$folder/proc"
mount --rbind /sys "$folder/sys"
mount --rbind /dev "$folder/dev"
inside sh -c 'apt-get update -q && apt-get install -q -y --no-install-recommends git make' \
  >"$logs/git-make.log" 2>&1 || { tail -n 5 "$logs/git-make.log" >&2; exit 1; }
git clone -q --no-hardlinks "$repository" "$folder/root/polytile"
if [ -n "$ccache" ]; then
  mkdir -p "$ccache" "$folder/root/.cache/ccache"
  mount --bind "$ccache" "$folder/root/.cache/ccache"
fi

result=0
for target in $targets; do
  echo "make $target (log in $logs/$target.log)"
  start=$(seconds)
  if inside make -C /root/polytile --no-print-directory "$target" >"$logs/$target.log" 2>&1; then
    outcome=passed
  else
    outcome=FAILED result=1
  fi
  tail -n 12 "$logs/$target.log" | sed 's/^/  | /'
  echo "make $target $outcome after $(($(seconds) - start)) s"
done
if [ "$keep" = no ]; then
  umount -l "$folder/proc" "$folder/sys" "$folder/dev"
  [ -z "$ccache" ] || umount "$folder/root/.cache/ccache"
  rm -rf --one-file-system "$folder"
fi
exit "$result"
