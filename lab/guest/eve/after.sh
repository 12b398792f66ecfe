echo '<1>lab: after kdump' >/dev/kmsg
