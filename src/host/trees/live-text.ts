import { totalsOf } from '../../inventory/live/totals.ts';
import type { LiveSnapshot, PodFigures, RankFigures, ScrapeFailure } from '../../inventory/live/types.ts';
import type { Role } from '../../inventory/types.ts';
import { formatMeasure, formatNumber, formatShare, plural } from '../../protocol/format.ts';
import { plainText } from './row.ts';

/** Figures by pod key, as far as pods are asked. */
export type LivePods = LiveSnapshot['pods'];

/** What a row's description adds; undefined where there is nothing to tell. */
export interface LiveText {
  readonly text: string;
  /** Markdown: how the figures were made. */
  readonly tooltip: string;
}

const ROUTES = { 'api-proxy': "the API server's proxy", 'port-forward': 'a port-forward' } as const;

/** A pod: `running 12 waiting 0 · kv 41 %`; an endpoint picker: `queue 0`. A failure is told in the tooltip alone. */
export function podLive(pods: LivePods | undefined, key: string): LiveText | undefined {
  const figures = pods?.get(key);
  if (figures === undefined) return undefined;
  const text = figures.picker === undefined ? requests(figures.ranks) : pickerText(figures);
  const tooltip = [serverTooltip(figures), pickerTooltip(figures), ...figures.failures.map(failureTooltip)];
  return { text, tooltip: tooltip.filter((part) => part !== '').join('\n\n') };
}

/** A group: `16 ranks · kv 41 %`. */
export function groupLive(pods: LivePods | undefined, keys: readonly string[]): LiveText | undefined {
  const ranks = ranksOf(pods, keys);
  const totals = totalsOf(ranks);
  if (totals.kvCacheUse === undefined) return undefined;
  return {
    text: `${plural(totals.ranks, 'rank')} · kv ${percent(totals.kvCacheUse)}`,
    tooltip: `KV cache in use: ${formatShare(totals.kvCacheUse)} as the mean of ${plural(totals.ranks, 'rank')}, ${formatShare(totals.kvCachePeak)} in the fullest.`,
  };
}

/** A deployment: `1,842 tok/s`, of the servers whose tokens clients get. What a prefill server generates for a decode server is not among them. */
export function deploymentLive(
  pods: LivePods | undefined,
  roles: readonly { readonly role: Role; readonly keys: readonly string[] }[],
  gpus: number,
): LiveText | undefined {
  const ranks = roles
    .filter(({ role }) => role === 'decode' || role === 'both')
    .flatMap(({ keys }) => ranksOf(pods, keys));
  const { generationRate } = totalsOf(ranks);
  if (generationRate === undefined) return undefined;
  const perGpu =
    gpus === 0 ? '' : `, ${formatMeasure(generationRate / gpus)} tok/s a GPU over all ${formatNumber(gpus)}`;
  return {
    text: `${formatNumber(generationRate)} tok/s`,
    tooltip: `Output ${formatMeasure(generationRate)} tok/s of ${plural(ranks.length, 'rank')} that answer clients${perGpu} (the last 15 s)`,
  };
}

/** A role: `1,842 tok/s`. A prefill server's work is its prompts. */
export function roleLive(pods: LivePods | undefined, role: Role, keys: readonly string[]): LiveText | undefined {
  if (role === 'routing') {
    const pickers = keys.map((key) => pods?.get(key)).filter((found) => found?.picker !== undefined);
    const [only] = pickers;
    return pickers.length === 1 && only ? { text: pickerText(only), tooltip: pickerTooltip(only) } : undefined;
  }
  const ranks = ranksOf(pods, keys);
  const totals = totalsOf(ranks);
  const rate = role === 'prefill' ? totals.promptRate : totals.generationRate;
  if (rate === undefined) return undefined;
  return {
    text: `${formatNumber(rate)} ${role === 'prefill' ? 'prompt tok/s' : 'tok/s'}`,
    tooltip: serverTooltip({ ranks, picker: undefined, failures: [], route: undefined }),
  };
}

function ranksOf(pods: LivePods | undefined, keys: readonly string[]): readonly RankFigures[] {
  return keys.flatMap((key) => pods?.get(key)?.ranks ?? []);
}

function requests(ranks: readonly RankFigures[]): string {
  const { running, waiting, kvCacheUse } = totalsOf(ranks);
  if (running === undefined || waiting === undefined) return '';
  return `running ${formatNumber(running)} waiting ${formatNumber(waiting)}${kvCacheUse === undefined ? '' : ` · kv ${percent(kvCacheUse)}`}`;
}

/** A cache that is nearly empty is not the same as an empty one. */
function percent(share: number): string {
  return `${formatNumber(share * 100, share > 0 && share < 0.1 ? 1 : 0)} %`;
}

/** Times of day, not a countdown: a tooltip must not make its row new every second. */
function failureTooltip({ error, since, nextAt }: ScrapeFailure): string {
  const time = (ms: number): string => new Date(ms).toLocaleTimeString();
  return `No figures since ${time(since)}: ${plainText(error.message)}. ${plainText(error.hint ?? '')} Asked again at ${time(nextAt)}.`;
}

function serverTooltip({ ranks, route }: PodFigures): string {
  if (ranks.length === 0) return '';
  const { generationRate, promptRate, running, waiting, kvCacheUse, kvCachePeak, prefixHitRate } = totalsOf(ranks);
  return [
    `Output ${formatMeasure(generationRate)} tok/s, prompt ${formatMeasure(promptRate)} tok/s (the last 15 s)`,
    `Requests: ${formatNumber(running)} running, ${formatNumber(waiting)} waiting`,
    `KV cache ${formatShare(kvCacheUse)} in use${ranks.length > 1 ? `, ${formatShare(kvCachePeak)} in the fullest of ${plural(ranks.length, 'rank')}` : ''}`,
    `Prefix hits ${formatShare(prefixHitRate)} of the prompt tokens looked up in the last minute`,
    ...(route === undefined ? [] : [`Read from its own metrics through ${ROUTES[route]}`]),
  ].join('  \n');
}

function pickerText({ picker }: PodFigures): string {
  const queue = picker?.held ?? picker?.queuedAtEndpoints;
  if (queue !== undefined) return `queue ${formatNumber(queue)}`;
  return picker?.averageQueue === undefined ? '' : `queue ${formatMeasure(picker.averageQueue)} an endpoint`;
}

function pickerTooltip({ picker }: PodFigures): string {
  if (picker === undefined) return '';
  return [
    picker.held === undefined
      ? 'Queue: requests that wait at the endpoints, as the endpoint picker last saw them; it holds none back itself'
      : `Queue: ${formatNumber(picker.held)} requests held back by the endpoint picker`,
    ...(picker.held === undefined || picker.queuedAtEndpoints === undefined
      ? []
      : [`${formatNumber(picker.queuedAtEndpoints)} wait at the endpoints`]),
    ...(picker.readyEndpoints === undefined ? [] : [`It sees ${plural(picker.readyEndpoints, 'ready endpoint')}`]),
  ].join('  \n');
}
