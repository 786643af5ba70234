import { randomUUID } from 'node:crypto';
import type { FinishReason } from '../../engine/engine-metrics.ts';
import type { Choice, Usage } from './choice.ts';
import type { PromptLogprobs } from './prompt-logprobs.ts';

/** The JSON of one API's answers. Chunks are put together from fixed pieces: there are tens of thousands a second. */
export interface WireFormat {
  /** Chunk that opens a choice's stream, '' where the API has none. */
  open(choice: Choice): string;
  chunk(choice: Choice, text: string, finish: FinishReason | undefined, usage: Usage | undefined): string;
  usageChunk(usage: Usage): string;
  whole(choices: readonly Choice[], usage: Usage, extra: WholeExtra): unknown;
}

export interface WholeExtra {
  readonly kvTransferParams: Readonly<Record<string, unknown>> | undefined;
  /** Text and log probabilities of the prompt, where they were asked for. */
  readonly echo: ReadonlyMap<number, PromptLogprobs>;
}

export const STREAM_END = 'data: [DONE]\n\n';

export function completionsFormat(model: string, createdAt: number): WireFormat {
  const head = { id: `cmpl-${randomUUID().replaceAll('-', '')}`, object: 'text_completion', created: createdAt, model };
  const prefix = `data: ${JSON.stringify(head).slice(0, -1)},"choices":[`;
  return {
    open: () => '',
    chunk: (choice, text, finish, usage) =>
      `${prefix}{"index":${choice.index},"text":${JSON.stringify(text)},"logprobs":null,"finish_reason":${quoted(finish)},"stop_reason":null}],"usage":${usage ? JSON.stringify(usage) : 'null'}}\n\n`,
    usageChunk: (usage) => `${prefix}],"usage":${JSON.stringify(usage)}}\n\n`,
    whole: (choices, usage, extra) => ({
      ...head,
      choices: choices.map((choice) => {
        const echo = extra.echo.get(choice.index);
        return {
          index: choice.index,
          text: (echo?.text ?? '') + choice.text,
          logprobs: echo?.logprobs ?? null,
          finish_reason: choice.finish ?? null,
          stop_reason: null,
          prompt_logprobs: null,
        };
      }),
      service_tier: null,
      system_fingerprint: null,
      usage: { ...usage, prompt_tokens_details: null },
      kv_transfer_params: extra.kvTransferParams ?? null,
    }),
  };
}

export function chatFormat(model: string, createdAt: number): WireFormat {
  const id = `chatcmpl-${randomUUID().replaceAll('-', '')}`;
  const head = (object: string): string => JSON.stringify({ id, object, created: createdAt, model }).slice(0, -1);
  const prefix = `data: ${head('chat.completion.chunk')},"choices":[`;
  return {
    open: (choice) =>
      `${prefix}{"index":${choice.index},"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}\n\n`,
    chunk: (choice, text, finish, usage) =>
      `${prefix}{"index":${choice.index},"delta":{"content":${JSON.stringify(text)}},"logprobs":null,"finish_reason":${quoted(finish)}}]${usage ? `,"usage":${JSON.stringify(usage)}` : ''}}\n\n`,
    usageChunk: (usage) => `${prefix}],"usage":${JSON.stringify(usage)}}\n\n`,
    whole: (choices, usage, extra) => ({
      id,
      object: 'chat.completion',
      created: createdAt,
      model,
      choices: choices.map((choice) => ({
        index: choice.index,
        message: { role: 'assistant', content: choice.text, refusal: null, tool_calls: [] },
        logprobs: null,
        finish_reason: choice.finish ?? null,
        stop_reason: null,
      })),
      service_tier: null,
      system_fingerprint: null,
      usage: { ...usage, prompt_tokens_details: null },
      prompt_logprobs: null,
      kv_transfer_params: extra.kvTransferParams ?? null,
    }),
  };
}

function quoted(finish: FinishReason | undefined): string {
  return finish === undefined ? 'null' : `"${finish}"`;
}
