#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# emulate.sh MACHINE PROGRAM: runs a bare-metal program in QEMU and exits as it does. It has no
# environment, so variables named TALLY_... become its arguments.
set -eu

machine=$1
program=$2
semihosting="enable=on,target=native,arg=$(basename "$program")"
for variable in $(env | grep '^TALLY_[A-Z]*=[a-z0-9_]*$'); do
	semihosting="$semihosting,arg=$variable"
done

case $machine in
mps2-an385) set -- qemu-system-arm ;;
vexpress-a9) set -- qemu-system-arm -m 64M -audiodev none,id=none ;;
virt) set -- qemu-system-riscv32 -m 64M -bios none ;;
*)
	echo "emulate.sh: no machine '$machine'" >&2
	exit 2
	;;
esac
exec "$@" -M "$machine" -display none -monitor none -serial none \
	-semihosting-config "$semihosting" -kernel "$program"
