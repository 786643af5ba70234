import { formatNumber } from '../../protocol/format.ts';
import type { DeviceView } from '../../protocol/trace-summary.ts';

export type Headline = Pick<DeviceView, 'span' | 'busy' | 'idle' | 'exposedComm' | 'exposedCopy'>;

/** Over all devices of the trace: sums of times, so that a longer device weighs more. */
export function headline(devices: readonly DeviceView[]): Headline {
  const total = (of: (device: DeviceView) => number): number => devices.reduce((sum, device) => sum + of(device), 0);
  return {
    span: total((device) => device.span),
    busy: total((device) => device.busy),
    idle: total((device) => device.idle),
    exposedComm: total((device) => device.exposedComm),
    exposedCopy: total((device) => device.exposedCopy),
  };
}

/** The middle value; of an even number the mean of the two in the middle. Null of none. */
export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  return (lower + upper) / 2;
}

/** `1,234 of 5,678`, for a table that shows a part. */
export function shownOf(shown: number, all: number): string {
  return shown === all ? formatNumber(all) : `${formatNumber(shown)} of ${formatNumber(all)}`;
}
