import { readdir, readFile } from 'node:fs/promises';

/** Processes that this one or `parent` started and that are still there; Linux only. */
export async function childrenOf(parent: number = process.pid): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const states = await Promise.all(pids.map(async (pid) => ({ pid, ...(await stateOf(pid)) })));
  return states.filter((each) => each.parent === parent && each.alive).map((each) => each.pid);
}

export async function isAlive(pid: number): Promise<boolean> {
  return (await stateOf(pid)).alive;
}

/** A zombie is dead: it only waits for its parent to notice. */
async function stateOf(pid: number): Promise<{ readonly alive: boolean; readonly parent: number | undefined }> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const [state, parent] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { alive: state !== undefined && state !== '' && state !== 'Z' && state !== 'X', parent: Number(parent) };
}
