import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { say } from '../lib/say.ts';
import type { Window } from './window.ts';

interface StepRecord {
  readonly name: string;
  readonly figures: readonly string[];
  readonly seconds: number;
  readonly picture: string;
  readonly error: string | undefined;
}

/** Runs steps, prints their figures, keeps a picture of each, and writes them all to `report.md`. */
export class TourReport {
  readonly #folder: string;
  readonly #steps: StepRecord[] = [];
  readonly #started = performance.now();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** A step that throws ends the tour: its picture and error are kept first. */
  async step(window: Window, name: string, act: () => Promise<readonly string[]>): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const started = performance.now();
    const picture = `${String(this.#steps.length + 1).padStart(2, '0')}-${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}.png`;
    let figures: readonly string[] = [];
    let failure: unknown;
    try {
      figures = await act();
    } catch (error) {
      failure = error;
    }
    await window.screenshot(join(this.#folder, picture));
    const seconds = (performance.now() - started) / 1000;
    const error =
      failure === undefined ? undefined : failure instanceof Error ? failure.message : JSON.stringify(failure);
    this.#steps.push({ name, figures, seconds, picture, error });
    say(`${name} (${seconds.toFixed(1)} s)${error === undefined ? '' : ' FAILED'}`);
    for (const figure of figures) console.log(`    ${figure}`);
    if (failure !== undefined) throw new Error(`tour step "${name}" failed: ${error ?? ''}`, { cause: failure });
  }

  async write(): Promise<string> {
    const failed = this.#steps.some((step) => step.error !== undefined);
    const seconds = (performance.now() - this.#started) / 1000;
    const parts = this.#steps.map((step, index) =>
      [
        `## ${index + 1}. ${step.name}`,
        `${step.seconds.toFixed(1)} s`,
        ...(step.error === undefined ? [] : [`**Failed**: ${step.error}`]),
        step.figures.map((figure) => `- ${figure}`).join('\n'),
        `![${step.name}](${step.picture})`,
      ]
        .filter((part) => part !== '')
        .join('\n\n'),
    );
    const path = join(this.#folder, 'report.md');
    await mkdir(this.#folder, { recursive: true });
    await writeFile(
      path,
      `# The tour\n\n${failed ? 'It ended at the step that failed.' : `${this.#steps.length} steps in ${seconds.toFixed(0)} s, all as expected.`}\n\n${parts.join('\n\n')}\n`,
    );
    return path;
  }
}
