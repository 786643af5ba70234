import { join } from 'node:path';
import { execa } from 'execa';

const root = join(import.meta.dirname, '..', '..');

/** Prints what the process used, at its end. */
const REPORT = `data:text/javascript,${encodeURIComponent("process.on('exit', () => process.stderr.write('USED ' + JSON.stringify(process.resourceUsage()) + '\\n'))")}`;

export interface Usage {
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
}

/** Runs Node with these arguments and tells what the process used, and what it printed. */
export async function measure(args: readonly string[]): Promise<Usage & { readonly stdout: string }> {
  const { stdout, stderr } = await execa('node', ['--import', REPORT, ...args], { cwd: root, maxBuffer: 64 << 20 });
  // A worker thread says it too when it ends; the process as a whole comes last.
  const used = [...stderr.matchAll(/^USED (.*)$/gm)].at(-1)?.[1];
  if (used === undefined) throw new Error(`node ${args.join(' ')} did not tell what it used:\n${stderr}`);
  const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(used) as NodeJS.ResourceUsage;
  return { cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakMegabytes: maxRSS / 1e3, stdout };
}
