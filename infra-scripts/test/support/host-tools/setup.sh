#!/bin/bash
# Makes the mounts of this process a fresh host: what the boot scripts write lands below $1, which is /mnt here.
set -euo pipefail
mount --bind "$1" /mnt
touch /mnt/tools/node
mount --bind "$2" /mnt/tools/node
cp -a /etc /mnt/etc
rm -rf /mnt/etc/millrace
mkdir -p /mnt/etc/systemd/system /mnt/etc/logrotate.d
for place in opt var/lib var/log usr/local/bin tmp; do
  mkdir -p "/mnt/$place"
  mount --bind "/mnt/$place" "/$place"
done
chmod 1777 /mnt/tmp
mount --bind /mnt/etc /etc
touch /mnt/ready
# As init it also takes leave of processes that ended, which sleep would not.
for _ in $(seq 900); do /bin/sleep 1; done
