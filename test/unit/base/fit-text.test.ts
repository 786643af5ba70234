import assert from 'node:assert/strict';
import { fitLine, fitText } from '../../../src/base/fit-text.ts';
import { ALL_HOSTILE, assertFit, HOSTILE } from '../../support/hostile.ts';

describe('text from outside for the window', () => {
  it('holds no link, icon, escape, control or bidi character, in one line or in several', () => {
    for (const hostile of [...HOSTILE, ALL_HOSTILE]) {
      assertFit(fitLine(hostile), 'a line', { length: 500 });
      assertFit(fitText(hostile), 'a text', { lines: true });
      assert.equal(fitLine(fitLine(hostile)), fitLine(hostile));
    }
  });

  it('reads naturally', () => {
    assert.equal(
      fitLine('pod decode-0 in dev/mine: "ImagePullBackOff" (42 %) → look at [its log]'),
      'pod decode-0 in dev/mine: "ImagePullBackOff" (42 %) → look at [its log]',
    );
    assert.equal(fitLine('[Sign in](command:x) costs $(money)'), '[Sign in] (command:x) costs $ (money)');
    assert.equal(
      fitLine('  \u001B[31mRuntimeError\u001B[0m:\n\tCUDA  out of memory '),
      'RuntimeError: CUDA out of memory',
    );
    assert.equal(fitLine('日本語 žluťoučký 👩\u200D💻'), '日本語 žluťoučký 👩\u200D💻');
    assert.equal(fitText('one\r\ntwo\n\n\tthree'), 'one\ntwo\n\n three');
  });

  it('shows where something was that cannot be seen', () => {
    assert.equal(fitLine('evil\u202Egpj.exe'), 'evil\uFFFDgpj.exe');
    assert.equal(fitLine('a\u0000\u0001b'), 'a\uFFFD\uFFFDb');
  });

  it('is cut before a pattern looks at it, and between two characters', () => {
    assert.equal(fitLine('a'.repeat(600)), `${'a'.repeat(499)}…`);
    assert.equal(fitLine('12345', 4), '123…');
    assert.equal(fitLine(`${'a'.repeat(498)}\u{1F600}bb`), `${'a'.repeat(498)}\uFFFD…`);
    // A pattern that takes a second look at a character would not be done with these before mocha's time limit.
    for (const endless of ['\u001B]', '\u001B[1;', '](', '$(a', ' ', '\u202E', '['])
      assertFit(fitLine(endless.repeat(1e6)), endless);
  });
});
