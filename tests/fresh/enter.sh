#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# enter.sh TREE COMMAND...
#
# Runs COMMAND as root in TREE, in its /srv/tally, with mounts and processes of its own: both end
# with it and with whoever asked for it, however they end. The network is the machine's, since
# packages come over it. Of the environment only what lent.sh lends is taken along.

set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)

if [ "$1" != --inside ]; then
	exec setpriv --pdeathsig KILL unshare --mount --pid --ipc --uts --fork --kill-child \
		"$here/enter.sh" --inside "$@"
fi
shift
tree=$1
shift

# device NAME MINOR
device() {
	mknod -m 666 "dev/$1" c 1 "$2"
}

lent=()
while IFS= read -r -d '' name && IFS= read -r -d '' value; do
	lent+=("$name=$value")
done < <("$here/lent.sh")

# Nothing of these mounts shows outside; pivot_root wants a mount.
mount --make-rprivate /
mount --bind "$tree" "$tree"
cd "$tree"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t tmpfs -o mode=755 tmpfs dev
mount -t tmpfs -o mode=1777 tmpfs tmp
mkdir dev/pts dev/shm dev/net
mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
device null 3
device zero 5
device full 7
device random 8
device urandom 9
mknod -m 666 dev/tty c 5 0
mknod -m 666 dev/net/tun c 10 200
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr

# Not chroot, within which the kernel grants nobody a name space of users. What follows finds the
# programs of the tree.
pivot_root . .
PATH=/usr/sbin:/usr/bin:/sbin:/bin
hash -r
umount --lazy .
cd /srv/tally
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
	TERM=dumb "${lent[@]}" "$@"
