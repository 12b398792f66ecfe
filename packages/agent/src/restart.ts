import { mountOf } from './persist.ts';
import { type Port, PortError } from './port.ts';
import { readNumber } from './proc.ts';
import type { Settings } from './settings.ts';
import { bytesOf } from './text.ts';

/**
 * The last step: unmount, sync, and then what a panic would do by `/proc/sys/kernel/panic`: above 0 wait that
 * many seconds, 0 wait for ever, below 0 go at once. Never returns.
 */
export function restart(port: Port, settings: Settings, note: (line: string) => void): never {
  const limit = settings.unmount_limit_seconds;
  // In a container the unmount takes only its own bind: the file system stays mounted outside. Read-only, it
  // is as clean on disk as if it were unmounted, wherever else it is mounted.
  const isMount = mountOf(port, settings.persist_path)?.mountPoint === settings.persist_path;
  const quiet = port.isolate(limit, () => port.remount(settings.persist_path, true));
  if (isMount && !quiet.ok) note(`${settings.persist_path} stays writable: ${quiet.why}`);
  const unmounted = port.isolate(limit, () => port.unmount(settings.persist_path));
  if (!unmounted.ok) note(`${settings.persist_path} stays mounted: ${unmounted.why}`);
  const synced = port.isolate(limit, () => port.syncAll());
  if (!synced.ok) note(`sync: ${synced.why}`);

  // Where the timeout cannot be read, a machine that restarts beats one that hangs.
  const timeout = readNumber(port, '/proc/sys/kernel/panic') ?? -1;
  if (timeout === 0) {
    note('done; panic=0 says wait, for ever');
    for (;;) port.sleep(3600);
  }
  note(timeout > 0 ? `done; restart in ${timeout} s` : 'done; restart');
  if (timeout > 0) port.sleep(timeout);
  const ways = [() => port.writeOnce('/proc/sysrq-trigger', bytesOf('b')), () => port.reboot()];
  for (;;) {
    for (const way of ways) {
      try {
        way();
      } catch (error) {
        if (!(error instanceof PortError)) throw error;
        note(`restart: ${error.message}`);
      }
      port.sleep(5);
    }
  }
}
