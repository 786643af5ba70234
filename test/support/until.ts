const everyMs = 5;
/** Below mocha's own limit, so that a wait in vain ends with what was there instead. A slow machine is no failure. */
const patienceMs = 15_000;

/** Asks until it holds; fails with what `seen` tells when it never does. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  seen: () => string = () => 'it never came to it',
): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(seen());
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
