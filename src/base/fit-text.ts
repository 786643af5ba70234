/** Characters that no text for people needs: controls, halves of characters, separators of lines, marks that turn the direction or show nothing. */
export const UNSEEN = String.raw`\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061C\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E007F}`;

/** An escape sequence of a terminal, whole or cut off. */
export const ESCAPE = [
  // A string (OSC, DCS, APC, PM, SOS) to its end, at most to the line's
  String.raw`(?:\x1B[\]PX^_]|[\x90\x98\x9D-\x9F])[^\x07\x1B\x9C\r\n]*(?:\x07|\x1B\\|\x9C)?`,
  // A control sequence
  String.raw`(?:\x1B\[|\x9B)[0-?]*[ -\/]*[@-~]?`,
  // A short one
  String.raw`\x1B[ -\/]*[0-~]?`,
].join('|');

const UNFIT = new RegExp(String.raw`(${ESCAPE})|\r?(\n)|(\s)|[${UNSEEN}]`, 'gu');
/** What VS Code reads as a link in a notification, and as an icon in a label. */
const MARKUP = /\](?=\()|\$(?=\([\w~-]+\))/g;

/** Most characters of a line in the window. */
const LINE_LENGTH = 500;
/** Most characters of a question's or a tooltip's text. */
const TEXT_LENGTH = 5000;

/**
 * Text from outside (a cluster, a pod, a file) as one line for the window: no escape, control or bidi character, nothing that VS Code
 * takes for a link or an icon, at most `length` characters. What is not there to be seen leaves a mark.
 */
export function fitLine(text: string, length = LINE_LENGTH): string {
  return fit(visible(text, length).replace(/\s+/g, ' ').trim(), length);
}

/** The same for a text of several lines: line ends stay. */
export function fitText(text: string, length = TEXT_LENGTH): string {
  return fit(visible(text, length), length);
}

/** Cut before a pattern looks at it: what goes takes room of its own, so that some more than `length` is kept. */
function visible(text: string, length: number): string {
  return text
    .slice(0, 4 * length)
    .replace(UNFIT, (_found, escape: string | undefined, lineEnd: string | undefined, space: string | undefined) => {
      if (escape !== undefined) return '';
      return lineEnd ?? (space === undefined ? '\uFFFD' : ' ');
    });
}

/** A blank is enough against markup, and reads well: `[label] (command:id)`. */
function fit(text: string, length: number): string {
  const harmless = text.replace(MARKUP, '$& ');
  return (harmless.length > length ? `${harmless.slice(0, length - 1)}…` : harmless).toWellFormed();
}
