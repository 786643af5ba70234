// A process that wants a lease: `FOLDER HOST BEHIND_MS`. It says `has` when it has got it and `lost` when it is told that it has
// lost it; in between it writes a line into the file `written` every few milliseconds, each after a confirmation. Ends when its input does.
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../src/base/clock.ts';
import { Leases, type Processes } from '../../src/base/lease.ts';
import { WorkspaceFiles } from '../../src/base/workspace-files.ts';
import { processes } from '../../src/kube/tools/processes.ts';
import { hastened } from './hastened.ts';

const [folder = '', host = '', behindMs = '0'] = process.argv.slice(2);
const elsewhere: Processes = {
  self: async () => ({ ...(await processes.self()), host }),
  hasEnded: async (name) => name.host === host && processes.hasEnded({ ...name, host: (await processes.self()).host }),
};
const clock = { ...hastened(systemClock, 20), now: () => Date.now() - Number(behindMs) };
const leases = new Leases({ files: new WorkspaceFiles(folder), clock, processes: host === '' ? processes : elsewhere });
const leaving = new AbortController();
process.stdin.on('end', () => leaving.abort()).resume();

try {
  const lease = await leases.wait('lease', 20, leaving.signal);
  lease.lost.addEventListener('abort', () => process.stdout.write('lost\n'), { once: true });
  process.stdout.write('has\n');
  while (!leaving.signal.aborted && !lease.lost.aborted) {
    await lease.confirm().then(
      () => appendFile(join(folder, 'written'), `${process.pid}\n`),
      () => undefined,
    );
    await delay(2);
  }
  await lease.release();
} catch (error) {
  if (!leaving.signal.aborted) throw error;
}
process.stdin.destroy();
