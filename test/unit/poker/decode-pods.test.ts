import assert from 'node:assert/strict';
import { projectPod } from '../../../src/inventory/project.ts';
import { decodePodLines } from '../../../src/inventory/decode-pods/lines.ts';
import { callablePods } from '../../../src/poker/decode-pods.ts';
import { decodePod } from '../inventory/decode-pods/support.ts';

describe('decode pods of the poker shell', () => {
  const pods = [
    decodePod('d-10', '10.0.0.10'),
    decodePod('d-2', '10.0.0.2'),
    decodePod('waiting', undefined),
    decodePod('ended', '10.0.0.5', { phase: 'Failed' }),
    decodePod('going', '10.0.0.6', { deleting: true }),
  ];

  it('are those that answer, as people count', () => {
    assert.deepEqual(callablePods(pods), [
      { name: 'd-2', ip: '10.0.0.2' },
      { name: 'd-10', ip: '10.0.0.10' },
    ]);
  });

  it('are those of decode_pods.txt, in its order', () => {
    assert.deepEqual(
      callablePods(pods).map(({ name, ip }) => `${name} ${ip}`),
      decodePodLines(
        pods.map((pod) => projectPod(pod)),
        'ann',
      ),
    );
  });
});
