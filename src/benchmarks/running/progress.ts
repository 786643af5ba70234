import type { Progress } from '../../base/logger.ts';

/** Follows the output of a run and says how far it is. */
export class OutputProgress {
  #tail = '';

  /** `step` is as the pod says it: `2/3 concurrency 32`. */
  read(log: Buffer, step: string): Progress {
    this.#tail = (this.#tail + log.toString('utf8')).slice(-4096);
    const [, at, of, title] = /^(\d+)\/(\d+) (.*)$/.exec(step) ?? [];
    // A step's own figures stand after its heading.
    const bar = lastBar(this.#tail.slice(this.#tail.lastIndexOf(`# ${step}`) + 1));
    const words = [title === undefined ? 'starting' : of === '1' ? title : `${title} (${at} of ${of})`];
    if (bar) words.push(`${bar.done} of ${bar.total} requests`);
    if (bar?.rate !== undefined) words.push(`${bar.rate.toFixed(1)} req/s`);
    const message = words.join(' · ');
    if (at === undefined || of === undefined) return { message };
    return { message, fraction: (Number(at) - 1 + (bar ? bar.done / bar.total : 0)) / Number(of) };
  }
}

interface Bar {
  readonly done: number;
  readonly total: number;
  readonly rate: number | undefined;
}

/** The last state of a tqdm bar: `45%|####  | 18/40 [00:00<00:00, 31.44it/s]`. */
function lastBar(text: string): Bar | undefined {
  const bar = [...text.matchAll(/\|\s*(\d+)\/(\d+) \[[^\],]*(?:,\s*([\d.]+)(it\/s|s\/it))?/g)].at(-1);
  const total = Number(bar?.[2]);
  if (!bar || !(total > 0)) return undefined;
  const rate = Number(bar[3]);
  return { done: Number(bar[1]), total, rate: !(rate > 0) ? undefined : bar[4] === 's/it' ? 1 / rate : rate };
}
