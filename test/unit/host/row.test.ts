import assert from 'node:assert/strict';
import { plainText } from '../../../src/host/trees/row.ts';

describe('text from the cluster in a tooltip', () => {
  it('cannot become a link, a command or markup', () => {
    assert.equal(plainText('[run](command:x) <b>'), String.raw`\[run\]\(command:x\) \<b\>`);
    assert.equal(plainText('a\n\nb'), 'a b');
  });
});
