import assert from 'node:assert/strict';
import { csvText, markdownText, tsvText } from '../../../src/base/table-text.ts';

/** What spreadsheets run, and what they take off before they look. */
const FORMULAS = [
  '=HYPERLINK("http://evil.example","x")',
  "+1+cmd|' /C calc'!A0",
  '-2+3',
  '@SUM(1)',
  '\t=1',
  '\r=1',
  '\n=1',
  ' =1',
  '\u00A0=1',
  '\u200B=1',
  '\uFF1D1',
  '\uFF0B1',
  '\uFF0D1',
  '\uFF201',
];

describe('tables as text', () => {
  for (const formula of FORMULAS) {
    it(`${JSON.stringify(formula)} is a text for a spreadsheet, in a cell and as a title`, () => {
      for (const line of csvText([formula], [[formula]]).match(/"(?:[^"]|"")*"|[^\r\n]+/g) ?? assert.fail())
        assert.match(line, /^"?'/);
      for (const line of tsvText([formula], [[formula]])
        .trimEnd()
        .split('\n'))
        assert.match(line, /^'/);
    });
  }

  it('numbers and ordinary texts stay as they are, below zero too', () => {
    assert.equal(
      csvText(
        ['a-b', 'c=d'],
        [
          [-1, 'e@f'],
          [null, 'x, "y"'],
        ],
      ),
      'a-b,c=d\r\n-1,e@f\r\n,"x, ""y"""\r\n',
    );
    assert.equal(tsvText(['a'], [[-1]]), 'a\n-1\n');
  });

  it('a cell cannot begin another, or another line', () => {
    assert.equal(tsvText(['a', 'b'], [['x\ty\nz', 1]]), 'a\tb\nx y z\t1\n');
    assert.equal(csvText(['a'], [['x\r\ny']]), 'a\r\n"x\r\ny"\r\n');
    assert.equal(markdownText(['a'], [['x | y\nz']]), '| a |\n| --- |\n| x \\| y z |\n');
  });

  it('Markdown makes no link, picture, HTML or emphasis of a text', () => {
    const cell =
      '[a](http://evil.example) ![b](x) <img src=x onerror=y> **c** `d` www.evil.example https://e &lt; ~~f~~ \\';
    const [, , row] = markdownText(['a'], [[cell]]).split('\n');
    assert.doesNotMatch(row ?? '', /(?<!\\)[[\]<>*`~&]|https?:|www\.|\\\\\\(?!\\)/);
  });
});
