import { fitLine } from './fit-text.ts';
import { redact } from './redact.ts';

/** Most characters of it that count: a program may write megabytes without a line end. */
const READ = 4000;
const LENGTH = 300;

/** What a program said last, as a part of a message: its last line that is not empty, shortened, without what looks like a credential. Empty when it said nothing. */
export function lastLine(output: string): string {
  const line =
    output
      .trimEnd()
      .split(/[\r\n]/)
      .at(-1) ?? '';
  return fitLine(redact(line.slice(0, READ)), LENGTH);
}
