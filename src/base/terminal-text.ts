import { ESCAPE, UNSEEN } from './fit-text.ts';

const UNFIT = new RegExp(String.raw`(${ESCAPE})|(\r?\n|\r)|(\t)|[${UNSEEN}]`, 'gu');
/** Colours and weights, the only sequences that change nothing but the look of what follows. */
const COLOUR = new RegExp(String.raw`^(?:\x1B\[|\x9B)([\d;:]{0,60})m$`);
const RESET = '\u001B[0m';

/**
 * Text from outside (a log, an answer) for a terminal: its colours stay and end with each line, every other escape sequence, control
 * and bidi character goes, and lines end as terminals want them. Each call stands for itself: what a sequence that is cut off leaves
 * for the next call is plain text there, so nothing is kept between the pieces of a stream.
 */
export function terminalText(text: string): string {
  let coloured = false;
  const end = (): string => {
    const reset = coloured ? RESET : '';
    coloured = false;
    return reset;
  };
  const shown = text.replace(
    UNFIT,
    (_found, escape: string | undefined, lineEnd: string | undefined, tab: string | undefined) => {
      if (lineEnd !== undefined) return `${end()}\r\n`;
      if (escape === undefined) return tab ?? '\uFFFD';
      const colour = COLOUR.exec(escape)?.[1];
      if (colour === undefined) return '';
      coloured = true;
      return `\u001B[${colour}m`;
    },
  );
  return shown + end();
}

const UNPRINTED = new RegExp(`[${UNSEEN}]`, 'gu');
const UNPRINTED_BUT_LINES = new RegExp(String.raw`(\r\n|[\n\t])|[${UNSEEN}]`, 'gu');

/** Text that a program prints: line ends and tabs stay, any other control, escape or bidi character is written out, as in JSON: `\u001b`. */
export function printedText(text: string): string {
  return text.replace(UNPRINTED_BUT_LINES, (found, fine: string | undefined) => fine ?? writtenOut(found));
}

/** The same for one line, or a cell of a table: it cannot begin another. */
export function printedLine(text: string): string {
  return text.replace(UNPRINTED, writtenOut);
}

function writtenOut(character: string): string {
  const units = Array.from({ length: character.length }, (_unit, index) => character.charCodeAt(index));
  return units.map((unit) => String.raw`\u${unit.toString(16).padStart(4, '0')}`).join('');
}
