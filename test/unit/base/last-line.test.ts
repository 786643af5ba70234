import assert from 'node:assert/strict';
import { lastLine } from '../../../src/base/last-line.ts';
import { ALL_HOSTILE, assertFit } from '../../support/hostile.ts';

describe('what a program said last', () => {
  it('is its last line that is not empty', () => {
    assert.equal(lastLine('noise\nerror: no such thing\r\n\n  \n'), 'error: no such thing');
    assert.equal(lastLine('10 %\r20 %'), '20 %', 'a bar that draws itself again');
    assert.equal(lastLine(' \n'), '');
  });

  it('is short and fit to be shown, whatever it was', () => {
    assert.equal(lastLine('x'.repeat(1_000_000)).length, 300);
    assertFit(lastLine(ALL_HOSTILE), 'a line', { length: 300 });
  });

  it('holds no credential', () => {
    const token = ['eyJhbGciOiJSUzI1NiJ9', 'eyJzdWIiOiJtZSJ9', 'c2lnbmF0dXJl'].join('.');
    assert.equal(lastLine(`cannot use ${token} here`), 'cannot use eyJ… here');
    assert.doesNotMatch(lastLine('Response: {"error":"invalid_grant","refresh_token":"used-before"}'), /used-before/);
  });
});
