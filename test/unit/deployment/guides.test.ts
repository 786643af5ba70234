import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { isWorkbenchError } from '../../../src/base/errors.ts';
import { describeGuide, readGuides, resolveValues, type GuideFile } from '../../../src/deployment/guides.ts';
import { wantedGpus } from '../../../src/deployment/preflight.ts';
import { fill, labelValue } from '../../../src/deployment/render.ts';

const manifests = fileURLToPath(new URL('../../../manifests', import.meta.url));

describe('guides', () => {
  let guide: GuideFile;

  before(async () => {
    guide = (await readGuides(manifests)).find((each) => each.id === 'wide-ep')!;
  });

  it('describes every variant and value that is asked for', () => {
    const described = describeGuide(guide);
    assert.deepEqual(
      described.variants.map((variant) => variant.id),
      ['coreweave', 'gke', 'generic'],
    );
    assert.equal(described.model, 'deepseek-ai/DeepSeek-R1-0528');
  });

  it('fills in defaults and refuses what a value must not be', () => {
    assert.equal(resolveValues(guide, { DECODE_GROUPS: '3' })['DECODE_GROUPS'], '3');
    for (const wrong of [
      { DECODE_GROUPS: '0' },
      { DECODE_GROUPS: 'two' },
      { MODEL: 'a b' },
      { MODEL: 'x; rm -rf /' },
      { NO_SUCH: '1' },
    ]) {
      assert.throws(
        () => resolveValues(guide, wrong),
        (error) => isWorkbenchError(error, 'bad-usage'),
        JSON.stringify(wrong),
      );
    }
  });

  it('takes no value of any guide that would be YAML, shell, an option or a path of its own', async () => {
    const hostile = [
      'x"\nkind: Pod',
      'x\n',
      '\nx',
      "x'",
      'x: y',
      '{x}',
      '[x]',
      '&x',
      '*x',
      '!x',
      'x #y',
      '$(id)',
      '`id`',
      '${HOME}',
      'x;y',
      'x|y',
      'x>y',
      'x\\',
      'x\u2028y',
      'x\u0000',
      'x\u202E',
      '',
    ];
    for (const each of await readGuides(manifests)) {
      for (const { id } of describeGuide(each).values) {
        for (const text of hostile)
          assert.throws(
            () => resolveValues(each, { [id]: text }),
            (error) => isWorkbenchError(error, 'bad-usage'),
            `${each.id} ${id} ${JSON.stringify(text)}`,
          );
      }
      assert.throws(
        () => resolveValues(each, JSON.parse('{"__proto__":"x"}') as Record<string, string>),
        (error) => isWorkbenchError(error, 'bad-usage'),
      );
    }
  });

  it('leaves a placeholder that nobody fills, so that the server names it', () => {
    assert.equal(fill('a __NAME__ __OTHER__', { NAME: 'x' }), 'a x __OTHER__');
  });

  it('makes a label value of a model name', () => {
    assert.equal(labelValue('DeepSeek-R1 (0528)'), 'DeepSeek-R1-0528');
  });
});

describe('GPUs that a deployment wants', () => {
  it('counts replicas times group size', () => {
    const template = {
      metadata: {},
      spec: { containers: [{ resources: { limits: { 'nvidia.com/gpu': '8', cpu: '32', 'rdma/ib': '1' } } }] },
    };
    const decode = {
      apiVersion: 'leaderworkerset.x-k8s.io/v1',
      kind: 'LeaderWorkerSet',
      metadata: { name: 'd' },
      spec: { replicas: 2, leaderWorkerTemplate: { size: 3, workerTemplate: template } },
    };
    const server = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 's' },
      spec: { replicas: 4, template },
    };
    assert.deepEqual([...wantedGpus([decode, server])], [['nvidia.com/gpu', 2 * 3 * 8 + 4 * 8]]);
  });
});
