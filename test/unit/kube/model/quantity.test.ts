import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { formatQuantity, parseQuantity, quantityNumber, type Quantity } from '../../../../src/kube/model/quantity.ts';

describe('quantities', () => {
  for (const [text, printed] of [
    ['1000m', '1'],
    ['1024Mi', '1Gi'],
    ['0.5', '500m'],
    ['1.5Gi', '1536Mi'],
    ['1000', '1k'],
    ['1Ti', '1Ti'],
    ['0', '0'],
    ['512Gi', '512Gi'],
    ['1e3', '1e3'],
    ['100n', '100n'],
    ['.5Gi', '512Mi'],
    ['64Gi', '64Gi'],
    ['-5', '-5'],
    ['512', '512'],
  ] as const) {
    it(`${text} is ${printed}`, () => assert.equal(formatQuantity(parseQuantity(text)!), printed));
  }
  it('what is printed means the same, and prints the same again', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 24n }),
        fc.constantFrom<Quantity['notation']>('binary', 'decimal', 'exponent'),
        (nano, notation) => {
          const whole = notation === 'binary' ? nano - (nano % 1_000_000_000n) : nano;
          const printed = formatQuantity({ nano: whole, notation: notation });
          assert.equal(parseQuantity(printed)?.nano, whole);
          // Without a suffix a binary amount reads as a decimal one, on a real server too.
          if (notation !== 'binary' || printed.endsWith('i'))
            assert.equal(formatQuantity(parseQuantity(printed)!), printed);
        },
      ),
    );
  });
  it('refuses what is none', () => {
    for (const text of [
      '',
      'x',
      '1 Gi',
      ' 1',
      '1GiB',
      '--1',
      '.',
      'Gi',
      '1e3Ki',
      'eight',
      '8 GPUs',
      'NaN',
      null,
      Number.NaN,
      {},
    ])
      assert.equal(parseQuantity(text), undefined, JSON.stringify(text));
  });
  it('are numbers, in every notation', () => {
    const table: readonly (readonly [unknown, number | undefined])[] = [
      ['8', 8],
      ['64Gi', 64 * 2 ** 30],
      ['-1500m', -1.5],
      ['9007199254740993', 9_007_199_254_740_992],
      ['100n', 1e-7],
      [8, 8],
      ['500m', 0.5],
      ['1k', 1000],
      ['1Ki', 1024],
      ['1e3', 1000],
      ['1E', 1e18],
      ['2.5G', 2.5e9],
      ['.5', 0.5],
      ['+3', 3],
      ['1Ei', 2 ** 60],
      ['', undefined],
      ['eight', undefined],
      ['8 GPUs', undefined],
      [null, undefined],
      [Number.NaN, undefined],
    ];
    for (const [text, value] of table) assert.equal(quantityNumber(text), value, String(text));
  });

  it('of any length end: neither digits nor a power of ten keep the arithmetic busy', () => {
    assert.equal(parseQuantity('9'.repeat(1_000_000)), undefined);
    assert.equal(parseQuantity('1e999999999'), undefined);
    assert.equal(parseQuantity('1e-999')?.nano, 1n, 'rounded up, as the server does');
  });
});
