import assert from 'node:assert/strict';

const COMMAND_LINK = '[Sign in to the cluster](command:workbench.action.terminal.sendSequence?%7B%7D)';

/** What a neighbour, a pod or a file may put where a name or a message is expected. Each begins with its own number, so that it can be found again. */
export const HOSTILE: readonly string[] = [
  COMMAND_LINK,
  `[a]\u200B(command:x) [b]\n(command:y) [c\u001B[0m](command:z) [d]\u202E(command:v)`,
  '$(flame) prod-eu $(sync~spin)',
  '$\u001B[1m(flame) $\u0007(check)',
  '\u001B]52;c;ZXZpbA==\u0007 clipboard \u001B]52;c;ZXZpbA==\u001B\\ again \u001B]52;c;never-ended',
  '\u001B[2J\u001B[H\u001B[3J\u001Bc\u001B(0\u009B2J\u009D0;title\u009C\u0090q\u009C',
  'one\r\ntwo\rthree\nfour\u2028five\u0085six',
  '\u202Egpj.exe\u2066 \u200Eleft\u200F \u061C\u{E0041}\u{E0042}',
  '\u0000\u0001\u0008\u000B\u007F\u0080\u009F',
  `<img src=x onerror=alert(1)> **bold** \`code\` https://evil.example www.evil.example [x]: command:y`,
  `${COMMAND_LINK} \u001B[31m`.repeat(100),
  `\uD83D${'a'.repeat(499)}\uD83D\uDE00`,
].map((text, index) => `h${index} ${text}`);

/** All of them in one. */
export const ALL_HOSTILE = HOSTILE.filter(({ length }) => length < 1000).join(' ');

const UNSEEN = /[\p{Zl}\p{Zp}\u061C\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF\u{E0000}-\u{E007F}]/u;

/** Fails for a text that shows more, or other, than its characters. */
export function assertFit(text: string, place: string, { lines = false, length = 5000 } = {}): void {
  const where = `${place}: ${JSON.stringify(text.slice(0, 300))}`;
  assert.doesNotMatch(lines ? text.replaceAll('\n', '') : text, /\p{Cc}/u, `control character in ${where}`);
  assert.doesNotMatch(text, UNSEEN, `invisible or bidi character in ${where}`);
  // The icon that a door itself puts in front, then none.
  assert.doesNotMatch(text.replace(/^\$\([\w~-]+\) /, ''), /\$\([\w~-]+\)/, `icon in ${where}`);
  assert.doesNotMatch(text, /\]\(/, `link in ${where}`);
  assert.ok(text.isWellFormed(), `half a character in ${where}`);
  assert.ok(text.length <= length, `${text.length} characters in ${where}`);
}

const COLOUR = new RegExp(String.raw`\x1B\[[\d;:]{0,60}m`, 'g');

/** Fails for what makes a terminal do anything but print: all but line ends, tabs and colours. */
export function assertHarmlessInTerminal(text: string, place: string): void {
  const left = text
    .replaceAll(COLOUR, '')
    .replaceAll('\r\n', '')
    .replaceAll(/[\n\t]/g, '');
  assert.doesNotMatch(left, /\p{Cc}/u, `${place}: ${JSON.stringify(left.slice(0, 300))}`);
  assert.doesNotMatch(left, UNSEEN, `${place}: ${JSON.stringify(left.slice(0, 300))}`);
}
