import type { GenerationRequest } from '../../engine/request.ts';

/** A submitted sequence; `abort` is harmless after its end. */
export interface Submission {
  abort(): void;
}

/** What the API server sees of its engines. */
export interface EnginePort {
  readonly model: string;
  readonly modelNames: readonly string[];
  readonly maxModelLen: number;
  readonly blockSize: number;
  /** Identifies this engine to the peer that pulls its KV cache. */
  readonly engineId: string;
  readonly host: string;
  /** Queues a sequence on a rank; undefined lets the server choose the least busy one. Throws when there is no such rank. */
  submit(request: GenerationRequest, rank: number | undefined): Submission;
}
