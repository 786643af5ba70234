import type { Memento } from 'vscode';
import type * as z from 'zod';
import { stringMapAt } from '../base/json.ts';

/** The last answers to questions, a workspace. Never holds a secret. */
export class Memory {
  readonly #memento: Memento;

  constructor(memento: Memento) {
    this.#memento = memento;
  }

  recall(question: string): Readonly<Record<string, string>> {
    return stringMapAt(this.#memento.get(`llmd.choices.${question}`));
  }

  async keep(question: string, choices: Readonly<Record<string, string>>): Promise<void> {
    await this.#memento.update(`llmd.choices.${question}`, choices);
  }

  /** Something remembered of any other shape; undefined when there is nothing, or nothing that still fits. */
  recallAs<T>(name: string, shape: z.ZodType<T>): T | undefined {
    return shape.safeParse(this.#memento.get(`llmd.${name}`)).data;
  }

  async keepAs(name: string, value: unknown): Promise<void> {
    await this.#memento.update(`llmd.${name}`, value);
  }
}
