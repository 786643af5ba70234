/** A difference that stays, and why. `docs/demo.md` tells them to people. */
interface Intended {
  readonly call: RegExp;
  readonly path: RegExp;
  readonly reason: string;
}

export const intended: readonly Intended[] = [];

export function isIntended(call: string, path: string): boolean {
  return intended.some((entry) => entry.call.test(call) && entry.path.test(path));
}
