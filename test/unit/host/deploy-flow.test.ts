// oxlint-disable-next-line import/no-unassigned-import -- first, so that what follows gets the recorder as `vscode`
import '../../support/recorded-window.ts';
import assert from 'node:assert/strict';
import type { DeployPlan, DeployRequest, Guide } from '../../../src/deployment/types.ts';
import type { ClusterCall } from '../../../src/host/commands/definition.ts';
import { Memory } from '../../../src/host/memory.ts';
import { answers, shown } from '../../support/vscode-recorder.ts';

const cluster = { context: 'lab', namespace: 'llm-d', server: 'https://lab.invalid' };
const guide = {
  id: 'wide-ep',
  title: 'Wide expert parallelism',
  description: 'd',
  model: 'm',
  variants: [{ id: 'gke', title: 'GKE', description: 'd' }],
  values: [],
} satisfies Partial<Guide>;

describe('the questions of a deployment', () => {
  let planned: DeployRequest[];

  beforeEach(() => {
    planned = [];
    shown.splice(0);
  });
  afterEach(() => {
    answers.picks = [];
  });

  async function ask(findings: DeployPlan['findings'], ...picks: readonly string[]): Promise<DeployPlan | undefined> {
    const { askDeploy } = await import('../../../src/host/commands/deploy-flow.ts');
    const { JobCenter } = await import('../../../src/host/jobs.ts');
    answers.picks = [...picks];
    const call = {
      cluster,
      title: 'Deploy',
      host: {
        jobs: new JobCenter(),
        memory: new Memory({ get: () => undefined, update: () => Promise.resolve() } as never),
        workbench: {
          deployments: {
            guides: () => Promise.resolve([guide]),
            plan(request: DeployRequest) {
              planned.push(request);
              assert.ok(!shown.some(({ text }) => text.startsWith('Deploy wide-ep')), 'the list waits for its plan');
              return Promise.resolve({ request, objects: [], findings });
            },
          },
        },
      },
    };
    return askDeploy(call as unknown as ClusterCall);
  }

  it('make one plan, as a job, and answer with the one that was shown', async () => {
    const plan = await ask([], 'Wide', 'GKE', 'Continue', 'Deploy');
    assert.deepEqual(planned, [{ cluster, guide: 'wide-ep', variant: 'gke', name: 'wide-ep', values: {} }]);
    assert.equal(plan?.request, planned[0]);
    const texts = shown.map(({ text }) => text);
    const [job, list] = ['Preview wide-ep in lab/llm-d', 'Deploy wide-ep to lab/llm-d'].map((text) =>
      texts.indexOf(text),
    );
    assert.ok(job !== undefined && list !== undefined && job >= 0 && job < list, `${job} ${list}`);
  });

  it('offer nothing to deploy where something is to be solved first', async () => {
    const plan = await ask(
      [{ severity: 'error', code: 'secret-missing', message: 'no secret', hint: 'create it' }] as never,
      'Wide',
      'GKE',
      'Continue',
      'Deploy',
    );
    assert.equal(plan, undefined);
    assert.ok(shown.some(({ text }) => text === '1 problem to solve before this can be deployed'));
  });
});
