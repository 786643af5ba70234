import assert from 'node:assert/strict';
import { nodeTableText } from '../../../../src/inventory/node-table/export.ts';
import { nodeColumn } from '../../../../src/inventory/node-table/columns.ts';
import type { NodeTableFormat } from '../../../../src/inventory/node-table/export.ts';
import { row } from './support.ts';

describe('node table: as text', () => {
  const columns = ['name', 'free', 'holders'].map((id) => nodeColumn(id)).filter((column) => column !== undefined);
  const rows = [
    row('g1', { free: 8, holders: 'ann 4, bo 2' }),
    row('g2', { free: null, holders: null }),
    row('g3', { free: 0, holders: '=HYPERLINK("x|y")' }),
  ];
  const text = (format: NodeTableFormat): string => nodeTableText(format, columns, rows);

  it('CSV quotes what needs it, leaves the unknown empty and hands a spreadsheet no formula', () => {
    assert.equal(text('csv'), 'Name,Free,Held by\r\ng1,8,"ann 4, bo 2"\r\ng2,,\r\ng3,0,"\'=HYPERLINK(""x|y"")"\r\n');
  });

  it('TSV parts cells by tabs alone', () => {
    assert.equal(text('tsv'), 'Name\tFree\tHeld by\ng1\t8\tann 4, bo 2\ng2\t\t\ng3\t0\t\'=HYPERLINK("x|y")\n');
  });

  it('Markdown aligns numbers to the right and keeps bars inside their cell', () => {
    assert.equal(
      text('markdown'),
      '| Name | Free | Held by |\n| --- | ---: | --- |\n| g1 | 8 | ann 4, bo 2 |\n| g2 |  |  |\n| g3 | 0 | =HYPERLINK("x\\|y") |\n',
    );
  });
});
