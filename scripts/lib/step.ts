import { stripVTControlCharacters } from 'node:util';
import { say } from './say.ts';

const minuteMs = 60_000;

/** Takes a line of what a step does at the moment. */
export type Tell = (line: string) => void;

/** A long step of a script: each minute that it lasts, a line says for how long already and what it did last. */
export async function step<T>(what: string, work: (tell: Tell) => Promise<T>, print: Tell = say): Promise<T> {
  let minutes = 0;
  let last = '';
  const timer = setInterval(() => {
    minutes += 1;
    print(`${what}, ${minutes} min${last === '' ? '' : `: ${last}`}`);
  }, minuteMs);
  try {
    return await work((line) => {
      const text = stripVTControlCharacters(line).trim();
      if (text !== '') last = text.slice(0, 120);
    });
  } finally {
    clearInterval(timer);
  }
}

/** For the output of a subprocess: its lines go on as they are, and the step tells them. */
export function told(tell: Tell): (line: unknown) => Generator<string> {
  return function* (line) {
    tell(String(line));
    yield String(line);
  };
}
