/** A difference that stays, and why. `docs/demo.md` tells them to people. */
interface Intended {
  readonly call: RegExp;
  readonly path: RegExp;
  readonly reason: string;
}

const intended: readonly Intended[] = [
  {
    call: /./,
    path: /(?:^|\.)json\.message$|^value\[1\]\.message$|causes\[\d+\]\.message$/,
    reason: 'a refusal has the same status, reason and fields; its words may be others',
  },
  {
    call: /./,
    path: /managedFields/,
    reason:
      'who applied what is compared by itself; controllers of the demo write under another name, and the server counts some of its own defaults as theirs',
  },
  {
    call: /leaderworkersets/,
    path: /\.json\.status/,
    reason: "the status of a set comes at its controller's own pace; it is compared where a case waits for it",
  },
];

/** A difference that is meant to be. */
export function isAccepted(call: string, path: string): boolean {
  return intended.some((entry) => entry.call.test(call) && entry.path.test(path));
}
