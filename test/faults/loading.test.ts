import assert from 'node:assert/strict';
import { demoContext } from '../../src/demo/cluster.ts';
import { call, failure, Lab, namespace } from '../support/faults-lab.ts';

describe('model servers that never load', () => {
  let lab: Lab;

  afterEach(() => lab.stop());

  it('out of memory while loading: the wait ends with the evidence though the group is made anew each time, and the pods stay', async () => {
    lab = await Lab.start({ faults: ['oom-while-loading'] });
    const window = lab.window();
    await lab.deploy(window);
    const told: string[] = [];
    const waiting = window.deployments.waitReady(lab.ref, 'wide-ep', {
      ...call(),
      progress: ({ message }) => told.push(message),
    });
    await failure(
      waiting,
      'deployment-failed',
      'pod wide-ep-',
      demoContext,
      namespace,
      'container vllm of pod wide-ep-',
      'ended with Error (exit code 1)',
      'CUDA out of memory',
    );
    assert.ok(
      told.some((message) => message.includes('exit code 1')),
      told.join('\n'),
    );
    assert.ok((await lab.pods('llm-d.ai/inference-serving=true')).length > 0);
  });

  it('an image that can not be pulled: the wait ends and names it', async () => {
    lab = await Lab.start({ faults: ['image-pull'] });
    const window = lab.window();
    await lab.deploy(window);
    await failure(
      window.deployments.waitReady(lab.ref, 'wide-ep', call()),
      'deployment-failed',
      'pod wide-ep-',
      demoContext,
      namespace,
      'ghcr.io/llm-d/llm-d-cuda:v0.5.0',
    );
  });
});
