/** What an evaluation was asked for. */
export interface EvalOptions {
  readonly baseUrl: string;
  readonly model: string;
  readonly modelArgs: Readonly<Record<string, string>>;
  readonly numConcurrent: number;
  readonly maxRetries: number;
  readonly numFewShot: number;
  readonly limit: number | undefined;
  readonly batchSize: string;
  readonly outputPath: string | undefined;
}
