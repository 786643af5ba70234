import assert from 'node:assert/strict';
import { InMemoryFs } from 'just-bash';
import { PassThrough } from 'node:stream';
import { ContainerShell } from '../../../src/demo/nodes/shell/container-shell.ts';
import { isIncomplete } from '../../../src/demo/nodes/shell/script-facts.ts';
import { ownCommands } from '../../../src/demo/nodes/shell/commands/index.ts';
import { ProcessTable } from '../../../src/demo/nodes/shell/processes.ts';
import { emptyInput, quote, type ShellContainer } from '../../../src/demo/nodes/shell/script.ts';
import { Collector } from '../../../src/demo/nodes/shell/streams.ts';
import type { ShellCommand } from '../../../src/demo/nodes/types.ts';
import * as fc from 'fast-check';
import { until } from '../../support/until.ts';

/** Says a line, waits until the test lets it go on, and says another. */
class Gate implements ShellCommand {
  readonly name = 'gate';
  readonly #open = Promise.withResolvers<void>();

  async run(argv: readonly string[], io: Parameters<ShellCommand['run']>[1]): Promise<number> {
    io.stdout.write(`before ${argv.join(' ')}\n`);
    await this.#open.promise;
    io.stdout.write('after\n');
    return 4;
  }

  open(): void {
    this.#open.resolve();
  }
}

class Harness {
  readonly fs = new InMemoryFs({ '/data/lines': 'one\ntwo\nthree\n' });
  readonly gate = new Gate();
  readonly stdout = new PassThrough();
  seen = '';
  readonly #shell: ContainerShell;

  constructor() {
    const processes = new ProcessTable();
    const machine = {
      hostname: 'poker',
      kernel: '6.8.0',
      cpus: 8,
      memoryBytes: 2 ** 36,
      mounts: [
        { source: 'overlay', target: '/', type: 'overlay', sizeBytes: 2 ** 40, used: () => Promise.resolve(2 ** 39) },
      ],
    };
    const container = {
      fs: this.fs,
      time: { now: () => Date.now(), pass: () => Promise.resolve() },
    } as unknown as ShellContainer;
    this.#shell = new ContainerShell(container, processes, [...ownCommands(machine, processes), this.gate]);
    this.stdout.on('data', (chunk: Buffer) => (this.seen += chunk.toString()));
  }

  run(source: string, signal: AbortSignal = AbortSignal.timeout(10_000)): ReturnType<ContainerShell['run']> {
    return this.#shell.run({
      source,
      name: 'bash',
      env: { HOME: '/root', PATH: '/usr/bin:/bin' },
      cwd: '/',
      stdio: { stdin: emptyInput(), stdout: this.stdout, stderr: this.stdout, tty: false },
      signal,
      parentPid: 0,
    });
  }

  async until(text: string): Promise<void> {
    await until(
      () => this.seen.includes(text),
      () => this.seen,
    );
  }
}

async function output(source: string): Promise<{ text: string; code: number }> {
  const harness = new Harness();
  const { exitCode } = await harness.run(source);
  await new Promise((resolve) => setImmediate(resolve));
  return { text: harness.seen, code: exitCode };
}

describe('the shell of a container', () => {
  const live: Record<string, string> = {
    'a simple command': 'gate x',
    'the last of a list': 'cd /data && gate x',
    'a loop': 'for i in x; do gate $i; done',
    'a branch': 'if true; then gate x; fi',
    'a group': '{ gate x; }',
    'a nested shell': 'bash -c "gate x"',
    exec: 'exec gate x',
    'a wrapper': 'timeout 5 env A=1 nohup gate x',
    'a pipe into tee': 'gate x | tee /data/log',
    'a pipe with stderr': 'gate x 2>&1 | tee /data/log',
  };
  for (const [what, source] of Object.entries(live)) {
    it(`streams ${what}`, async () => {
      const harness = new Harness();
      const running = harness.run(source);
      await harness.until('before x\n');
      assert.ok(!harness.seen.includes('after'));
      harness.gate.open();
      const { exitCode } = await running;
      await harness.until('after\n');
      assert.equal(exitCode, source.includes('| tee') ? 0 : 4);
    });
  }

  it('shows what other commands say as the script goes', async () => {
    const harness = new Harness();
    const running = harness.run('echo first; wc -l < /data/lines; gate x');
    await harness.until('before x\n');
    assert.equal(harness.seen, 'first\n3\nbefore x\n');
    harness.gate.open();
    await running;
  });

  for (const source of ['nohup gate x > /data/log 2>&1 & wait', 'gate x > /data/log']) {
    it(`lets the file grow of ${source}`, async () => {
      const harness = new Harness();
      const running = harness.run(`${source}; echo "code $?"; cat /data/log`);
      await until(
        async () => (await harness.fs.exists('/data/log')) && (await harness.fs.readFile('/data/log')) !== '',
      );
      assert.equal(await harness.fs.readFile('/data/log'), 'before x\n');
      harness.gate.open();
      await running;
      await harness.until('after\n');
      assert.equal(harness.seen, `code ${source.includes('&') ? 0 : 4}\nbefore x\nafter\n`);
    });
  }

  it('collects in substitutions, redirections and tests', async () => {
    const harness = new Harness();
    harness.gate.open();
    await harness.run(
      'x=$(gate y); echo "[$x]"; gate z > /data/out; cat /data/out; gate q >/dev/null && echo no || echo "code $?"',
    );
    await harness.until('code 4\n');
    assert.equal(harness.seen, '[before y\nafter]\nbefore z\nafter\ncode 4\n');
  });

  const scripts: readonly [string, string, number][] = [
    ['set -euo pipefail; echo a; false; echo b', 'a\n', 1],
    ['set -o pipefail; cat /data/lines | head -1; echo $?', 'one\n0\n', 0],
    ['f() { echo "in $1"; return 3; }; f x; echo $?; f y | tr a-z A-Z', 'in x\n3\nIN Y\n', 0],
    ['a=(1 2 3); a[1]=x; echo "${a[@]}" "${#a[@]}"', '1 x 3 3\n', 0],
    ['cat <<EOF\n$((1+1)) EOF\nEOF', '2 EOF\n', 0],
    ['(cd /data; exit 3); echo "$? $PWD"', '3 /\n', 0],
    ['echo out; echo err >&2; echo both 2>&1', 'out\nerr\nboth\n', 0],
    ['ls /nothing 2>/dev/null || echo none', 'none\n', 0],
    ['{ echo 1; echo 2; } | tac', '2\n1\n', 0],
    ['sleep 0.02 & echo now; wait; echo then', 'now\nthen\n', 0],
    ['(sleep 0.02; echo late) & wait; echo last', 'late\nlast\n', 0],
    ['timeout 0.02 sleep 5; echo $?', '124\n', 0],
    ['exec > /data/log; echo hidden', '', 0],
    ['while read -r l; do echo "<$l>"; done < /data/lines', '<one>\n<two>\n<three>\n', 0],
    [
      'head -n 2 /data/lines; tail -n 1 /data/lines; tail -c +5 /data/lines | head -c 3; echo; tail -n +3 /data/lines',
      'one\ntwo\nthree\ntwo\nthree\n',
      0,
    ],
    [
      'printf abcdef | dd of=/data/x status=none; printf XY | dd of=/data/x bs=1 seek=2 conv=notrunc status=none; cat /data/x',
      'abXYef',
      0,
    ],
    ['stat -c "%s %n" /data/lines; hostname; uname -sr; nproc', '14 /data/lines\npoker\nLinux 6.8.0\n8\n', 0],
    ['df -h / | tail -1', 'overlay    1.0T 512G  512G  50% /\n', 0],
    ['kill 4242', 'kill: (4242) - No such process\n', 1],
    ['tail -n +1 -f /data/lines | head -1; echo rest', 'one\nrest\n', 0],
    ['echo /data/lines | xargs cat | wc -l', '3\n', 0],
    ['x=$(timeout 5 ls /data); echo "[$x]"; timeout 5 ls /data; env A=1 printenv A | tr 1 2', '[lines]\nlines\n2\n', 0],
    ['cat /data/lines | tr a-z A-Z | head -2', 'ONE\nTWO\n', 0],
    ['cat /data/lines | grep -c o; find /data -type f -exec cat {} + | head -1', '2\none\n', 0],
    ['exit 300', '', 44],
    ['nosuch', 'bash: nosuch: command not found\n', 127],
  ];
  for (const [source, text, code] of scripts) {
    it(`runs ${JSON.stringify(source)}`, async () => {
      assert.deepEqual(await output(source), { text, code });
    });
  }

  it('interrupts a sleep and an endless loop, without holding up others', async () => {
    for (const source of ['sleep 1000', 'while true; do :; done', 'while true; do sleep 0.01; done']) {
      const harness = new Harness();
      const interrupt = new AbortController();
      const running = harness.run(`echo started; ${source}`, interrupt.signal);
      await harness.until('started\n');
      interrupt.abort();
      assert.equal((await running).exitCode, 130);
    }
  });

  it('quotes any word so that the shell reads it back', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme-ascii', maxLength: 20 }), async (word) => {
        const harness = new Harness();
        const collected = new Collector();
        harness.stdout.pipe(collected);
        await harness.run(`printf %s ${quote(word)}`);
        await new Promise((resolve) => setImmediate(resolve));
        assert.equal(harness.seen, word);
      }),
      { numRuns: 30 },
    );
  });

  it('knows when a person has not finished', () => {
    for (const source of [
      'for i in 1; do',
      'if true',
      'echo "a',
      "echo 'a",
      'f() {',
      'cat <<EOF\nx',
      'echo a \\',
      '(',
      'case x in',
    ])
      assert.ok(isIncomplete(source), source);
    for (const source of ['echo a', 'for i in 1; do echo; done', 'cat <<EOF\nx\nEOF', 'echo a \\\\', 'fi', ')'])
      assert.ok(!isIncomplete(source), source);
  });
});
