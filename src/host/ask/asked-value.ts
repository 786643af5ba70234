import type { BenchmarkParameter } from '../../benchmarks/types.ts';
import type { GuideValue } from '../../deployment/types.ts';

/** A value that can be asked for, from a guide or a recipe. */
export interface AskedValue {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly kind: GuideValue['kind'] | BenchmarkParameter['kind'];
  readonly default: string;
  readonly minimum?: number;
  /** Refuses what the kind alone would take. */
  readonly refuse?: (text: string) => string | undefined;
  /** What may be chosen, where that is known. */
  readonly options?: () => readonly string[];
}

/** Why a text cannot be this value; undefined when it can. */
export function refusal(value: AskedValue, text: string): string | undefined {
  const trimmed = text.trim();
  switch (value.kind) {
    case 'integer':
      if (!/^\d+$/.test(trimmed)) return 'A whole number is wanted';
      if (value.minimum !== undefined && Number(trimmed) < value.minimum) return `At least ${value.minimum}`;
      return value.refuse?.(trimmed);
    case 'integers':
      return /^\d+(\s*,\s*\d+)*$/.test(trimmed)
        ? value.refuse?.(trimmed)
        : 'Whole numbers separated by commas are wanted, such as 1,8,64';
    case 'string':
      return value.refuse?.(trimmed);
    case 'pod':
      return value.refuse?.(trimmed);
  }
}
