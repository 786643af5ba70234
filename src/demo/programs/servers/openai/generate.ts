import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import { readBody, sendJson } from '../http/respond.ts';
import { Choice, usageOf } from './choice.ts';
import { completionText } from './completion-text.ts';
import type { EnginePort, Submission } from './engine-port.ts';
import { sendApiError } from './errors.ts';
import { promptLogprobs, type PromptLogprobs } from './prompt-logprobs.ts';
import {
  chatPrompt,
  chatRequest,
  completionRequest,
  type ChatRequest,
  type CompletionRequest,
  type SamplingRequest,
} from './schemas.ts';
import { blockHashes, tokenize } from './tokenizer.ts';
import { chatFormat, completionsFormat, STREAM_END, type WireFormat } from './wire-format.ts';

/** One prompt: its tokens, and its text for the model to answer. */
interface Prompt {
  readonly tokens: readonly (string | number)[];
  readonly text: string;
}

export async function handleCompletions(
  engine: EnginePort,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await parseBody(completionRequest, request, response);
  if (body === undefined) return;
  const prompts = completionPrompts(body);
  const maxTokens = body.max_tokens ?? 16;
  const echo =
    body.echo === true
      ? new Map(prompts.map((prompt, index) => [index, promptLogprobs(prompt.tokens.map(String))]))
      : undefined;
  await answer(engine, request, response, { body, prompts, maxTokens, echo, format: completionsFormat });
}

export async function handleChat(
  engine: EnginePort,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await parseBody(chatRequest, request, response);
  if (body === undefined) return;
  const text = chatPrompt(body);
  const prompts = [{ text, tokens: tokenize(text) }];
  await answer(engine, request, response, {
    body,
    prompts,
    maxTokens: chatMaxTokens(body),
    echo: undefined,
    format: chatFormat,
  });
}

function chatMaxTokens(body: ChatRequest): number | undefined {
  return body.max_completion_tokens ?? body.max_tokens ?? undefined;
}

async function parseBody<T>(
  schema: z.ZodType<T>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<T | undefined> {
  let json: unknown;
  try {
    json = JSON.parse(await readBody(request));
  } catch {
    sendApiError(response, 400, 'BadRequestError', 'The request body is not valid JSON.');
    return undefined;
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  sendApiError(response, 400, 'BadRequestError', `${issue?.path.join('.') ?? 'body'}: ${issue?.message ?? 'invalid'}`);
  return undefined;
}

function completionPrompts(body: CompletionRequest): readonly Prompt[] {
  const { prompt } = body;
  if (typeof prompt === 'string') return [textPrompt(prompt)];
  if (prompt.every((item) => typeof item === 'number')) return [tokenPrompt(prompt)];
  return prompt.map((item) =>
    typeof item === 'string' ? textPrompt(item) : tokenPrompt(Array.isArray(item) ? item : [item]),
  );
}

function textPrompt(text: string): Prompt {
  return { text, tokens: tokenize(text) };
}

function tokenPrompt(tokens: readonly number[]): Prompt {
  return { tokens, text: tokens.join(' ') };
}

interface Job {
  readonly body: SamplingRequest;
  readonly prompts: readonly Prompt[];
  readonly maxTokens: number | undefined;
  readonly echo: ReadonlyMap<number, PromptLogprobs> | undefined;
  readonly format: (model: string, createdAt: number) => WireFormat;
}

async function answer(engine: EnginePort, request: IncomingMessage, response: ServerResponse, job: Job): Promise<void> {
  const model = job.body.model ?? engine.modelNames[0] ?? engine.model;
  if (!engine.modelNames.includes(model)) {
    sendApiError(response, 404, 'NotFoundError', `The model \`${model}\` does not exist.`);
    return;
  }
  const longest = Math.max(...job.prompts.map((prompt) => prompt.tokens.length));
  if (longest + (job.maxTokens ?? 1) > engine.maxModelLen) {
    sendApiError(
      response,
      400,
      'BadRequestError',
      `This model's maximum context length is ${engine.maxModelLen} tokens. However, your request has ${longest} input tokens and asks for ${job.maxTokens ?? 1}. Please reduce the length of the input messages.`,
    );
    return;
  }
  const generation = new Generation(engine, response, job, model);
  response.on('close', () => generation.abort());
  await generation.run(rankHeader(request));
}

/** Clients may pin a data-parallel rank. */
function rankHeader(request: IncomingMessage): number | undefined {
  const value = request.headers['x-data-parallel-rank'];
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : undefined;
}

/** One API request: its choices run as sequences of their own and meet in one answer or stream. */
class Generation {
  readonly #engine: EnginePort;
  readonly #response: ServerResponse;
  readonly #job: Job;
  readonly #format: WireFormat;
  readonly #submissions: Submission[] = [];
  readonly #choices: Choice[];
  readonly #abandoned = Promise.withResolvers<void>();

  constructor(engine: EnginePort, response: ServerResponse, job: Job, model: string) {
    this.#engine = engine;
    this.#response = response;
    this.#job = job;
    this.#format = job.format(model, Math.floor(Date.now() / 1000));
    const copies = job.body.n ?? 1;
    const stops = [job.body.stop ?? []].flat();
    this.#choices = Array.from({ length: copies }, (_, copy) =>
      job.prompts.map(
        (prompt, index) =>
          new Choice(
            copy * job.prompts.length + index,
            prompt.tokens.length,
            completionText(prompt.text, (job.body.seed ?? 0) + copy),
            stops,
          ),
      ),
    ).flat();
  }

  /** The client is gone, or the answer has ended. */
  abort(): void {
    for (const submission of this.#submissions) submission.abort();
    this.#abandoned.resolve();
  }

  async run(rank: number | undefined): Promise<void> {
    if (this.#job.body.stream === true) {
      this.#response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', server: 'uvicorn' });
      for (const choice of this.#choices) this.#write(this.#format.open(choice));
    }
    await Promise.race([
      Promise.all(this.#choices.map((choice) => this.#generate(choice, rank))),
      this.#abandoned.promise,
    ]);
    if (this.#response.destroyed) return;
    const usage = usageOf(this.#choices, this.#job.prompts.length);
    if (this.#job.body.stream === true) {
      if (this.#job.body.stream_options?.include_usage === true) this.#write(this.#format.usageChunk(usage));
      this.#response.end(STREAM_END);
    } else
      sendJson(
        this.#response,
        200,
        this.#format.whole(this.#choices, usage, {
          kvTransferParams: this.#kvTransferParams(),
          echo: this.#job.echo ?? new Map(),
        }),
      );
  }

  #generate(choice: Choice, rank: number | undefined): Promise<void> {
    const { body, prompts } = this.#job;
    const prompt = prompts[choice.index % prompts.length] ?? { tokens: [], text: '' };
    const natural = choice.naturalLength;
    return new Promise((resolve) => {
      const submission = this.#engine.submit(
        {
          promptTokens: Math.max(1, prompt.tokens.length),
          blockHashes: blockHashes(prompt.tokens, this.#engine.blockSize),
          maxTokens: Math.max(1, this.#job.maxTokens ?? this.#engine.maxModelLen - prompt.tokens.length),
          naturalLength:
            body.ignore_eos === true || natural === undefined ? undefined : Math.max(natural, body.min_tokens ?? 0),
          remotePrefill: body.kv_transfer_params?.['do_remote_prefill'] === true,
          onTokens: (batch) => {
            if (choice.finish !== undefined) return;
            const text = choice.add(batch.count);
            if (choice.finish === undefined) choice.finish = batch.finish;
            else submission.abort();
            if (body.stream === true) this.#stream(choice, text);
            if (choice.finish !== undefined) resolve();
          },
        },
        rank,
      );
      this.#submissions.push(submission);
    });
  }

  #stream(choice: Choice, text: string): void {
    const continuous = this.#job.body.stream_options?.continuous_usage_stats === true;
    const usage = continuous ? usageOf([choice], 1) : undefined;
    this.#write(this.#format.chunk(choice, text, choice.finish, usage));
  }

  #write(text: string): void {
    if (text !== '' && !this.#response.destroyed) this.#response.write(text);
  }

  /** A prefill worker tells where its KV cache can be pulled from. */
  #kvTransferParams(): Readonly<Record<string, unknown>> | undefined {
    if (this.#job.body.kv_transfer_params?.['do_remote_decode'] !== true) return undefined;
    const blocks = Math.ceil((this.#job.prompts[0]?.tokens.length ?? 0) / this.#engine.blockSize);
    return {
      do_remote_prefill: true,
      do_remote_decode: false,
      remote_block_ids: Array.from({ length: blocks }, (_, index) => index),
      remote_engine_id: this.#engine.engineId,
      remote_host: this.#engine.host,
      remote_port: 5600,
      remote_request_id: randomUUID(),
      tp_size: 1,
    };
  }
}
