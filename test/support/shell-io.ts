import { PassThrough } from 'node:stream';
import type { ShellCommand, ShellIo } from '../../src/demo/nodes/types.ts';

export interface ToolRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

type Container = Parameters<ShellCommand['run']>[2];

/** Runs a shell command of the demo's containers and collects its output. */
export async function runTool(
  command: ShellCommand,
  argv: readonly string[],
  container: Container,
  options: Partial<ShellIo> = {},
): Promise<ToolRun> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const texts = Promise.all([collect(stdout), collect(stderr)]);
  const stdin = new PassThrough();
  stdin.end();
  const io: ShellIo = {
    stdin,
    stdout,
    stderr,
    env: {},
    cwd: '/',
    tty: false,
    signal: new AbortController().signal,
    runScript: () => Promise.resolve(127),
    ...options,
  };
  const code = await command.run(argv, io, container);
  stdout.end();
  stderr.end();
  const [out, err] = await texts;
  return { code, stdout: out, stderr: err };
}

async function collect(stream: PassThrough): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
