import { join } from 'node:path';
import { execa } from 'execa';

const root = join(import.meta.dirname, '..', '..');

/** Runs a command and prints what it used with all processes that it started: Node tells a process about itself only. */
const MEASURE = `
import json, resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print('USED', json.dumps({'cpuSeconds': used.ru_utime + used.ru_stime, 'peakMegabytes': used.ru_maxrss / 1e3}), file=sys.stderr)
sys.exit(code)
`;

export interface Usage {
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
}

/** Runs Node with these arguments and tells the CPU of all its processes, the resident set of the largest of them, and what was printed. */
export async function measure(args: readonly string[], cwd = root): Promise<Usage & { readonly stdout: string }> {
  const { stdout, stderr } = await execa('python3', ['-c', MEASURE, process.execPath, ...args], {
    cwd,
    maxBuffer: 64 << 20,
  });
  const used = /^USED (.*)$/m.exec(stderr)?.[1];
  if (used === undefined) throw new Error(`node ${args.join(' ')} did not tell what it used:\n${stderr}`);
  return { ...(JSON.parse(used) as Usage), stdout };
}
