/** How figures read, the same in trees and in webviews. An unknown figure is a dash, never 0. */

const DASH = '–';

/** By fraction digits. Making one costs a hundred times its use, and trees of a large cluster show thousands of figures. */
const formats = new Map<number, Intl.NumberFormat>();

export function formatNumber(value: number | null | undefined, digits = 0): string {
  if (value == null || !Number.isFinite(value)) return DASH;
  const known =
    formats.get(digits) ??
    new Intl.NumberFormat('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  formats.set(digits, known);
  return known.format(value);
}

/** Three significant figures at most below 100, whole numbers above: enough to compare, no false precision. */
export function formatMeasure(value: number | null | undefined): string {
  if (value == null || !Number.isFinite(value)) return DASH;
  const magnitude = Math.abs(value);
  return formatNumber(value, magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : 2);
}

/** Milliseconds; from ten seconds on in seconds. */
export function formatMs(value: number | null | undefined): string {
  if (value == null || !Number.isFinite(value)) return DASH;
  return Math.abs(value) >= 10_000 ? `${formatMeasure(value / 1000)} s` : `${formatMeasure(value)} ms`;
}

/** Nanoseconds in the unit that keeps the figure readable. */
export function formatNs(value: number | null | undefined): string {
  if (value == null || !Number.isFinite(value)) return DASH;
  const magnitude = Math.abs(value);
  if (magnitude >= 1e9) return `${formatMeasure(value / 1e9)} s`;
  if (magnitude >= 1e6) return `${formatMeasure(value / 1e6)} ms`;
  if (magnitude >= 1e3) return `${formatMeasure(value / 1e3)} µs`;
  return `${formatNumber(value)} ns`;
}

/** Decimal bytes (1 GB = 10^9), as disks and networks count them. */
export function formatBytes(bytes: number | null | undefined): string {
  if (bytes == null || !Number.isFinite(bytes)) return DASH;
  if (bytes >= 1e9) return `${formatMeasure(bytes / 1e9)} GB`;
  if (bytes >= 1e6) return `${formatMeasure(bytes / 1e6)} MB`;
  if (bytes >= 1e3) return `${formatMeasure(bytes / 1e3)} kB`;
  return `${formatNumber(bytes)} B`;
}

/** A share from 0 to 1 as a percentage. */
export function formatShare(share: number | null | undefined): string {
  if (share == null || !Number.isFinite(share)) return DASH;
  return `${formatNumber(share * 100, 1)} %`;
}

/** Seconds as `42s`, `4m12s`, `3h05m`, `2d04h`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number): string => String(value).padStart(2, '0');
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
  return `${Math.floor(whole / 86_400)}d${two(Math.floor((whole % 86_400) / 3600))}h`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatNumber(count)} ${count === 1 ? one : many}`;
}
