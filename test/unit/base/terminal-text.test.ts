import assert from 'node:assert/strict';
import { printedLine, printedText, terminalText } from '../../../src/base/terminal-text.ts';
import { ALL_HOSTILE, assertHarmlessInTerminal, HOSTILE } from '../../support/hostile.ts';

describe('text from outside for a terminal', () => {
  it('changes nothing but the look of itself', () => {
    for (const hostile of [...HOSTILE, ALL_HOSTILE]) assertHarmlessInTerminal(terminalText(hostile), 'terminal');
  });

  it('keeps its colours until its lines end', () => {
    assert.equal(
      terminalText('\u001B[1;31mred\u001B[0m \u009B38;5;4mblue'),
      '\u001B[1;31mred\u001B[0m \u001B[38;5;4mblue\u001B[0m',
    );
    assert.equal(terminalText('\u001B[8mhidden\nseen\n'), '\u001B[8mhidden\u001B[0m\r\nseen\r\n');
    // Not colours, though they end like them.
    assert.equal(terminalText('a\u001B[>4;2m\u001B[?4m\u001B[0$mb'), 'ab');
  });

  it('ends every line as terminals do, also where a program draws its progress over itself', () => {
    assert.equal(terminalText('a\nb\r\nc\rd\te'), 'a\r\nb\r\nc\r\nd\te');
  });

  it('does no harm wherever a stream is cut into pieces', () => {
    for (let cut = 0; cut <= ALL_HOSTILE.length; cut += 1) {
      assertHarmlessInTerminal(
        terminalText(ALL_HOSTILE.slice(0, cut)) + terminalText(ALL_HOSTILE.slice(cut)),
        `cut at ${cut}`,
      );
    }
    assertHarmlessInTerminal(ALL_HOSTILE.split('').map(terminalText).join(''), 'cut everywhere');
  });

  it('gets through a sequence that never ends', () => {
    for (const endless of ['\u001B]', '\u001B[', '\u001B[1;', '\u001B', '\u009B'])
      assertHarmlessInTerminal(terminalText(endless.repeat(3e5)), endless);
    assert.equal(terminalText(`\u001B]52;c;${'a'.repeat(3e6)}\nnext`), '\r\nnext');
    assert.equal(terminalText(`\u001B[${'1;'.repeat(1e6)}mnext`), 'next');
  });
});

describe('text that a command prints', () => {
  it('is written out where it is not to be seen', () => {
    assert.equal(
      printedText('a\u001B]52;c;eA==\u0007\tb\n\u009B2J\u202Ec\r\nd\re'),
      'a\\u001b]52;c;eA==\\u0007\tb\n\\u009b2J\\u202ec\r\nd\\u000de',
    );
    assert.equal(printedLine('a\r\nb\t\u{E0041}'), 'a\\u000d\\u000ab\\u0009\\udb40\\udc41');
    for (const hostile of HOSTILE) assertHarmlessInTerminal(printedText(hostile), 'printed');
  });

  it('is the same JSON as before', () => {
    for (const hostile of HOSTILE) {
      const json = JSON.stringify({ [hostile]: [hostile] }, undefined, 2);
      assert.deepEqual(JSON.parse(printedText(json)), JSON.parse(json));
    }
  });
});
