import type { Memento } from 'vscode';
import { z } from '../protocol/zod.ts';

const CHOICES = z.record(z.string(), z.string());

/** The last answers to questions, a workspace. Never holds a secret. */
export class Memory {
  readonly #memento: Memento;

  constructor(memento: Memento) {
    this.#memento = memento;
  }

  recall(question: string): Readonly<Record<string, string>> {
    const kept = CHOICES.safeParse(this.#memento.get(`llmd.choices.${question}`));
    return kept.success ? kept.data : {};
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
