import type { FinishReason } from '../../engine/engine-metrics.ts';
import type { CompletionText } from './completion-text.ts';

/** The text of one choice as it grows, cut at stop strings. */
export class Choice {
  readonly index: number;
  readonly promptTokens: number;
  readonly #source: CompletionText;
  readonly #stops: readonly string[];
  #text = '';
  tokens = 0;
  finish: FinishReason | undefined;

  constructor(index: number, promptTokens: number, source: CompletionText, stops: readonly string[]) {
    this.index = index;
    this.promptTokens = promptTokens;
    this.#source = source;
    this.#stops = stops;
  }

  /** Where the model would end of its own. */
  get naturalLength(): number | undefined {
    return this.#source.naturalLength;
  }

  get text(): string {
    return this.#text;
  }

  /** Adds tokens and answers the new text. Sets `finish` when a stop string was reached; the text ends before it. */
  add(count: number): string {
    let added = '';
    for (let index = 0; index < count; index += 1) added += this.#source.token(this.tokens + index);
    this.tokens += count;
    const before = this.#text.length;
    this.#text += added;
    const cut = this.#stopIndex(before);
    if (cut < 0) return added;
    this.finish = 'stop';
    this.#text = this.#text.slice(0, cut);
    return this.#text.slice(before);
  }

  #stopIndex(before: number): number {
    const found = this.#stops
      .map((stop) => this.#text.indexOf(stop, Math.max(0, before - stop.length)))
      .filter((index) => index >= 0);
    return found.length === 0 ? -1 : Math.min(...found);
  }
}

export interface Usage {
  readonly prompt_tokens: number;
  readonly total_tokens: number;
  readonly completion_tokens: number;
}

export function usageOf(choices: readonly Choice[], prompts: number): Usage {
  const prompt = choices.slice(0, prompts).reduce((sum, choice) => sum + choice.promptTokens, 0);
  const completion = choices.reduce((sum, choice) => sum + choice.tokens, 0);
  return { prompt_tokens: prompt, total_tokens: prompt + completion, completion_tokens: completion };
}
