import assert from 'node:assert/strict';
import { justString, pokerJustfile } from '../../../src/poker/justfile.ts';

describe('Justfile of the poker pod', () => {
  it('keeps spaces, quotes, backslashes and line ends of a value', () => {
    assert.equal(justString('a "b" \\c\nd'), '"a \\"b\\" \\\\c\\nd"');
  });

  it('puts the exported variables before the recipes', () => {
    const text = pokerJustfile('default:\n    @just --list\n', {
      baseUrl: 'http://gateway.ns.svc.cluster.local',
      model: 'my model',
      decodePods: [
        { name: 'd-0', ip: '10.0.0.1' },
        { name: 'd-0-1', ip: '10.0.0.2' },
      ],
    });
    assert.deepEqual(text.split('\n').slice(0, 4), [
      'export BASE_URL := "http://gateway.ns.svc.cluster.local"',
      'export MODEL := "my model"',
      'export DECODE_PODS := "d-0 10.0.0.1\\nd-0-1 10.0.0.2"',
      'export DECODE_IPS := "10.0.0.1 10.0.0.2"',
    ]);
    assert.ok(text.endsWith('default:\n    @just --list\n'));
  });

  it('is the recipes alone while no model answers', () => {
    assert.equal(pokerJustfile('r', undefined), 'r');
  });
});
