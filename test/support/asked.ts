import assert from 'node:assert/strict';

/** The calls of one feature, each answered when the test wants it: so that a later one can be quicker. */
export class Asked<Input, Output> {
  readonly calls: {
    readonly input: Input;
    readonly signal: AbortSignal | undefined;
    readonly answer: PromiseWithResolvers<Output>;
  }[] = [];

  readonly call = (input: Input, signal?: AbortSignal): Promise<Output> => {
    const answer = Promise.withResolvers<Output>();
    this.calls.push({ input, signal, answer });
    return answer.promise;
  };

  get inputs(): readonly Input[] {
    return this.calls.map(({ input }) => input);
  }

  /** Of the n-th call, from 0. */
  answer(nth: number, output: Output): void {
    this.#at(nth).answer.resolve(output);
  }

  fail(nth: number, error: unknown): void {
    this.#at(nth).answer.reject(error);
  }

  #at(nth: number): (typeof this.calls)[number] {
    const call = this.calls[nth];
    assert.ok(call, `there were ${this.calls.length} calls`);
    return call;
  }
}
