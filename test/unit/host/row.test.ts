import assert from 'node:assert/strict';
import { plainText } from '../../../src/host/trees/row.ts';

describe('text from the cluster in a tooltip', () => {
  it('cannot become a link, a command or markup', () => {
    assert.equal(plainText('[run](command:x) <b>'), String.raw`\[run\] \(command:x\) \<b\>`);
    assert.equal(plainText('a\n\nb'), 'a b');
    assert.equal(plainText('at 3:04 see https://evil.example'), String.raw`at 3:04 see https\://evil\.example`);
  });
});
