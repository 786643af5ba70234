import assert from 'node:assert/strict';
import { InMemoryFs } from 'just-bash';
import type { ShellIo } from '../../../src/demo/nodes/types.ts';
import { justCommand } from '../../../src/demo/programs/tools/just/command.ts';
import { FakePodNetwork, fakeContainer } from '../../support/fake-pod-network.ts';
import { runTool, type ToolRun } from '../../support/shell-io.ts';

const JUSTFILE = `
# where requests go
base := env_var_or_default("BASE_URL", "http://gateway")
model := "deepseek-ai/DeepSeek-R1"
export MODE := if base =~ "gate" { "pd" } else { "agg" }
url := base / "v1"

alias b := benchmark

# List recipes
default:
    @just --list

# Run the benchmark
benchmark mc num="100" *flags: (prepare mc)
    vllm bench serve --base-url {{base}} \\
      --max-concurrency {{mc}} --num-prompts {{num}} {{flags}}
    @echo done {{ uppercase("x") + "-" + url }}

prepare n: _hidden
    echo prepare {{n}}

_hidden:
    -false

fails:
    exit 3
    echo never

script $NAME="a:b":
    #!/usr/bin/env bash
    for i in 1 2; do echo "{{{{ $NAME $i"; done
`;

describe('just', () => {
  const fs = new InMemoryFs({ '/app/Justfile': JUSTFILE });
  const container = fakeContainer({ network: new FakePodNetwork(), fs, command: [] });
  let scripts: { readonly script: string; readonly cwd: string; readonly env: Readonly<Record<string, string>> }[];

  beforeEach(() => {
    scripts = [];
  });

  const runScript: ShellIo['runScript'] = (script, { env, cwd }) => {
    scripts.push({ script, cwd, env });
    const code = /^exit (\d+)$/.exec(script)?.[1];
    return Promise.resolve(code === undefined ? Number(script === 'false') : Number(code));
  };
  const just = (...argv: readonly string[]): Promise<ToolRun> =>
    runTool(justCommand, argv, container, { cwd: '/root', env: { BASE_URL: 'http://gw' }, runScript });

  it('runs a recipe after its dependencies, with arguments, defaults and variables', async () => {
    const run = await just('benchmark', '64', '200', '--ignore-eos', '--seed 1');
    assert.equal(run.code, 0, run.stderr);
    assert.deepEqual(
      scripts.map((each) => each.script),
      [
        'false',
        'echo prepare 64',
        'vllm bench serve --base-url http://gw --max-concurrency 64 --num-prompts 200 --ignore-eos --seed 1',
        'echo done X-http://gw/v1',
      ],
    );
    assert.equal(scripts[0]?.cwd, '/app');
    assert.equal(scripts[2]?.env['MODE'], 'agg');
    assert.match(run.stderr, /^vllm bench serve/m);
    assert.doesNotMatch(run.stderr, /echo done/);
  });

  it('takes overrides and aliases', async () => {
    await just('base=http://gate', 'b', '1');
    assert.match(scripts[2]?.script ?? '', /--base-url http:\/\/gate {1,}--max-concurrency 1 --num-prompts 100/);
    assert.equal(scripts[2]?.env['MODE'], 'pd');
  });

  it('lists public recipes with their documentation', async () => {
    const { stdout } = await just('--list');
    assert.match(stdout, /^Available recipes:\n {4}benchmark mc num="100" \*flags +# Run the benchmark\n/);
    assert.doesNotMatch(stdout, /_hidden/);
    assert.equal((await just('--summary')).stdout, 'benchmark default fails prepare script\n');
  });

  it('runs the first recipe without a name', async () => {
    await just();
    assert.deepEqual(
      scripts.map((each) => each.script),
      ['just --list'],
    );
  });

  it('runs a script recipe whole, with its exported parameter', async () => {
    await just('script', 'x');
    assert.equal(scripts[0]?.script, '#!/usr/bin/env bash\nfor i in 1 2; do echo "{{ $NAME $i"; done');
    assert.equal(scripts[0]?.env['NAME'], 'x');
  });

  it('stops at the line that failed, with its exit code', async () => {
    const run = await just('fails');
    assert.equal(run.code, 3);
    assert.match(run.stderr, /error: Recipe `fails` failed on line \d+ with exit code 3/);
    assert.equal(scripts.length, 1);
  });

  it('says what is wrong with its use', async () => {
    assert.match((await just('nothing')).stderr, /error: Justfile does not contain recipe `nothing`/);
    assert.match(
      (await just('benchmark')).stderr,
      /got 0 arguments but takes at least 1\nusage:\n {4}just benchmark mc/,
    );
    assert.equal((await just('--bogus')).code, 2);
    const empty = await runTool(
      justCommand,
      [],
      fakeContainer({ network: new FakePodNetwork(), fs: new InMemoryFs(), command: [] }),
      { cwd: '/root' },
    );
    assert.deepEqual([empty.code, empty.stderr], [1, 'error: No justfile found\n']);
  });

  it('shows lines without running them with --dry-run', async () => {
    const run = await just('-n', 'prepare', '7');
    assert.match(run.stderr, /echo prepare 7/);
    assert.equal(scripts.length, 0);
  });
});
