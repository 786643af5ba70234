import { hashText } from '../../../random.ts';

/** The prompt as `echo` with `logprobs` returns it, which is how log likelihoods are scored. */
export interface PromptLogprobs {
  readonly text: string;
  readonly logprobs: {
    readonly text_offset: readonly number[];
    readonly token_logprobs: readonly (number | null)[];
    readonly tokens: readonly string[];
    readonly top_logprobs: readonly (Readonly<Record<string, number>> | null)[];
  };
}

/** A token that came before in the prompt is likelier than a new one; the same text always scores the same. */
export function promptLogprobs(tokens: readonly string[]): PromptLogprobs {
  const seen = new Set<string>();
  let offset = 0;
  const offsets: number[] = [];
  const values: (number | null)[] = [];
  const tops: (Readonly<Record<string, number>> | null)[] = [];
  tokens.forEach((token, index) => {
    offsets.push(offset);
    offset += token.length;
    const surprise = (seen.has(token) ? 0.2 : 1.5) + (hashText(token + String(tokens[index - 1])) % 1000) / 400;
    values.push(index === 0 ? null : -surprise);
    tops.push(index === 0 ? null : { [token]: -surprise });
    seen.add(token);
  });
  return {
    text: tokens.join(''),
    logprobs: { text_offset: offsets, token_logprobs: values, tokens, top_logprobs: tops },
  };
}
