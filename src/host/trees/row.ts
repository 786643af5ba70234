import { fitLine } from '../../base/fit-text.ts';
import type { CommandId } from '../commands/table.ts';
import type { Target } from './target.ts';

export interface RowIcon {
  readonly id: string;
  readonly color?: string;
}

/** A row of a tree as plain data, so that what a tree shows can be tested without VS Code. */
export interface Row {
  /** Stable: made of the identity of what it shows, never of its position or state. */
  readonly id: string;
  readonly label: string;
  readonly description?: string;
  /** Markdown. Says what the figures count. */
  readonly tooltip?: string;
  readonly icon?: RowIcon;
  /** The `viewItem` that menus match. */
  readonly context?: string;
  /** Only a row with this has children. */
  readonly expand?: 'collapsed' | 'expanded';
  /** See `lazyChildren` for a row of whose children there may be many. */
  readonly children?: readonly Row[];
  readonly target?: Target;
  /** Run by a click; gets the row's element. */
  readonly opens?: CommandId | 'workbench.trust.manage';
  /** What a screen reader says instead of label and description. */
  readonly spoken?: string;
}

/** The row with children that are made when they are first looked at: those of a group that nobody opens cost nothing. */
export function lazyChildren(row: Row, make: () => readonly Row[]): Row {
  let made: readonly Row[] | undefined;
  return Object.defineProperty({ ...row }, 'children', { enumerable: true, get: () => (made ??= make()) });
}

export const GOOD = 'charts.green';
export const BUSY = 'charts.blue';
export const WARNING = 'list.warningForeground';
export const ERROR = 'list.errorForeground';
export const MUTED = 'disabledForeground';

/** Text from the cluster inside Markdown: shown as it is, never as formatting, a link or an icon. */
export function plainText(text: string): string {
  return fitLine(text).replace(/[\\`*_{}[\]()#+\-.!|<>~&$]|:(?=\/\/)/g, String.raw`\$&`);
}

/** The same in the letters of code; a name with a backtick would end them. */
export function codeText(text: string): string {
  return `\`${fitLine(text).replaceAll('`', "'")}\``;
}

/** The row with every text as a view may show it, the tooltip apart. Whoever makes rows need not think of what the cluster puts into them. */
export function fitRow({
  label,
  description,
  spoken,
}: Row): Pick<Row, 'label' | 'description'> & { readonly spoken: string } {
  const fitLabel = fitLine(label);
  const fitDescription = description === undefined ? undefined : fitLine(description);
  return {
    label: fitLabel,
    ...(fitDescription === undefined ? {} : { description: fitDescription }),
    spoken:
      spoken === undefined
        ? [fitLabel, fitDescription].filter((part) => part !== undefined).join(', ')
        : fitLine(spoken),
  };
}

/** The same rows in the same order, as far as their identity goes. */
export function sameIds(before: readonly Row[], after: readonly Row[]): boolean {
  return (
    before === after || (before.length === after.length && before.every((row, index) => row.id === after[index]?.id))
  );
}

/** Whether a view would draw both the same, their children and tooltips apart. */
export function sameFace(before: Row, after: Row): boolean {
  return (
    before.label === after.label &&
    before.description === after.description &&
    before.icon?.id === after.icon?.id &&
    before.icon?.color === after.icon?.color &&
    before.context === after.context &&
    before.opens === after.opens &&
    before.spoken === after.spoken &&
    (before.expand === undefined) === (after.expand === undefined)
  );
}
