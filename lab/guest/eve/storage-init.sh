# EVE's own mounts it with the same options, after a repair where one is needed.
disk=$(busybox tr ' ' '\n' </proc/cmdline | busybox sed -n 's/^lab\.disk=//p')
busybox mount -t ext4 -o dirsync,noatime "${disk}p2" /persist
