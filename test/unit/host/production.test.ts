import assert from 'node:assert/strict';
import { isProduction } from '../../../src/host/production.ts';

describe('contexts marked as production', () => {
  const cases: readonly (readonly [context: string, patterns: readonly string[], marked: boolean])[] = [
    ['prod', ['prod'], true],
    ['PROD-eu', ['prod-*'], true],
    ['gpu-prod-eu', ['*-prod-*'], true],
    ['product-team', ['prod', 'prod-*', '*-prod'], false],
    ['a.b', ['a.b'], true],
    ['axb', ['a.b'], false],
    ['arn:aws:eks:eu:1:cluster/prod', ['*/prod'], true],
    ['anything', [], false],
    ['anything', ['*'], true],
    ['(', ['('], true],
  ];
  for (const [context, patterns, marked] of cases) {
    it(`${context} by ${patterns.join(', ') || 'nothing'}: ${marked ? 'yes' : 'no'}`, () =>
      assert.equal(isProduction(context, patterns), marked));
  }
});
