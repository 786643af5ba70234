import * as z from 'zod';

const sampling = {
  model: z.string().optional(),
  stream: z.boolean().nullish(),
  stream_options: z
    .object({ include_usage: z.boolean().nullish(), continuous_usage_stats: z.boolean().nullish() })
    .nullish(),
  max_tokens: z.number().int().nullish(),
  min_tokens: z.number().int().nullish(),
  ignore_eos: z.boolean().nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  seed: z.number().int().nullish(),
  n: z.number().int().min(1).nullish(),
  temperature: z.number().nullish(),
  kv_transfer_params: z.record(z.string(), z.unknown()).nullish(),
};

export const completionRequest = z.object({
  ...sampling,
  prompt: z.union([z.string(), z.array(z.string()), z.array(z.number()), z.array(z.array(z.number()))]),
  echo: z.boolean().nullish(),
  logprobs: z.number().int().nullish(),
});

const content = z.union([z.string(), z.array(z.looseObject({ type: z.string(), text: z.string().optional() }))]);

export const chatRequest = z.object({
  ...sampling,
  messages: z.array(z.looseObject({ role: z.string(), content: content.nullish() })).min(1),
  max_completion_tokens: z.number().int().nullish(),
});

export type CompletionRequest = z.infer<typeof completionRequest>;
export type ChatRequest = z.infer<typeof chatRequest>;
export type SamplingRequest = CompletionRequest | ChatRequest;

/** The prompt as a chat template would write it. */
export function chatPrompt(request: ChatRequest): string {
  const turns = request.messages.map((message) => `<${message.role}>${messageText(message.content)}`);
  return `${turns.join('\n')}\n<assistant>`;
}

function messageText(value: ChatRequest['messages'][number]['content']): string {
  if (typeof value === 'string') return value;
  return (value ?? []).map((part) => part.text ?? '').join('');
}
