/** One line of a script's own progress, apart from the output of what it runs. */
export function say(line: string): void {
  console.log(`\u25b8 ${line}`);
}
