// oxlint-disable-next-line import/no-unassigned-import -- first, so that what follows gets the recorder as `vscode`
import '../../support/recorded-window.ts';
import assert from 'node:assert/strict';
import type { Disposable } from '../../../src/base/disposables.ts';
import { WorkbenchError } from '../../../src/base/errors.ts';
import { trusted } from '../../../src/base/trust.ts';
import type { Host } from '../../../src/host/host.ts';
import { COMMAND_IDS, COMMANDS } from '../../../src/host/commands/table.ts';
import { answers, commands, shown, workspace } from '../../support/vscode-recorder.ts';

afterEach(() => {
  shown.splice(0);
  answers.button = undefined;
});

describe('what the commands of the table do', () => {
  it('has a question of its own exactly where the table confirms always', async () => {
    const { DEFINITIONS } = await import('../../../src/host/commands/definitions.ts');
    for (const id of COMMAND_IDS) {
      assert.equal(DEFINITIONS[id].id, id);
      assert.equal(DEFINITIONS[id].hasQuestion, COMMANDS[id].confirms === 'always', id);
    }
  });
});

describe('a command', () => {
  let pinned: string[];
  let errors: unknown[];
  let registered: Disposable;

  beforeEach(async () => {
    pinned = [];
    errors = [];
    const runs = {
      list: () => Promise.resolve([]),
      update: (id: string) => Promise.resolve(void pinned.push(id)),
    };
    const host = {
      workbench: { workspace: '/w', trust: trusted, runs },
      errors: { show: (failure: unknown) => errors.push(failure) },
    };
    const { registerCommands } = await import('../../../src/host/commands/register.ts');
    registered = registerCommands(host as unknown as Host);
  });

  afterEach(() => registered.dispose());

  it('gets what the code hands over as it is', async () => {
    const { run } = await import('../../../src/host/commands/run.ts');
    await run('llmd.pinBaseline', 'run1');
    assert.deepEqual(pinned, ['run1']);
  });

  it('gets of what a tree hands over what its reader finds', async () => {
    await commands.executeCommand('llmd.pinBaseline', { row: { target: { kind: 'run', id: 'run2', folder: '/w' } } });
    assert.deepEqual(pinned, ['run2']);
  });

  it('asks where what came is nothing that it can use', async () => {
    for (const given of [[], ['run3'], [{ row: { target: { kind: 'pod', name: 'run3' } } }], [{ argument: 'run3' }]])
      await commands.executeCommand('llmd.pinBaseline', ...given);
    assert.deepEqual([pinned, errors], [[], []]);
    assert.equal(shown.filter(({ text }) => text === 'Pin as Baseline').length, 4);
  });

  it('shows its failure and does not hand it on', async () => {
    const { run } = await import('../../../src/host/commands/run.ts');
    pinned.push = () => {
      throw new WorkbenchError({ code: 'not-found', message: 'there is no such run' });
    };
    await run('llmd.pinBaseline', 'run1');
    assert.match(String(errors), /there is no such run/);
  });
});

describe('in a production context', () => {
  const { getConfiguration } = workspace;
  const cluster = { context: 'prod-eu', namespace: 'llm-d', server: 'https://10.0.0.1:6443' };

  before(() => {
    workspace.getConfiguration = () =>
      ({
        get: () => undefined,
        inspect: (name?: string) => (name === 'productionContexts' ? { defaultValue: ['prod-*'] } : undefined),
      }) as unknown as ReturnType<typeof getConfiguration>;
  });
  after(() => {
    workspace.getConfiguration = getConfiguration;
  });

  /** A window whose person goes away at the first list that asks something. */
  async function run(id: 'llmd.deploy' | 'llmd.runBenchmark' | 'llmd.redeployRouting', given?: string): Promise<void> {
    const { DEFINITIONS } = await import('../../../src/host/commands/definitions.ts');
    const deployed = ['a', 'b'].map((name) => ({ name, model: 'm', guide: 'g' }));
    const host = {
      session: { settled: () => Promise.resolve({ kind: 'ready', cluster }) },
      errors: { note() {} },
      memory: { recall: () => ({}) },
      jobs: { run: () => Promise.reject(new Error(`${id} began`)) },
      workbench: {
        workspace: '/w',
        owner: 'me',
        contexts: { client: () => Promise.reject(new Error('nobody is asked what is allowed')) },
        deployments: { guides: () => Promise.resolve([]), list: () => Promise.resolve(deployed) },
        benchmarks: { recipes: () => Promise.resolve([]) },
      },
    };
    await DEFINITIONS[id].execute(host as unknown as Host, given);
  }

  const places = (): readonly string[] => [...new Set(shown.map(({ place }) => place.split('.')[0] ?? ''))];

  for (const id of ['llmd.deploy', 'llmd.runBenchmark', 'llmd.redeployRouting'] as const) {
    it(`${id} asks what it has to know before it asks for a yes`, async () => {
      await run(id);
      assert.deepEqual(places(), ['quick pick']);
    });
  }

  it('nothing begins without the yes', async () => {
    await run('llmd.redeployRouting', 'a');
    assert.deepEqual(places(), ['question']);
    answers.button = 'Redeploy Routing';
    await assert.rejects(run('llmd.redeployRouting', 'a'), /llmd\.redeployRouting began/);
  });
});
