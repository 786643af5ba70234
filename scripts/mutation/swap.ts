// Loaded before mocha: the file that MUTANT names is read with one change, and the file on disk stays as it is.
import { registerHooks } from 'node:module';
import { mutated, type Mutant } from './mutants.ts';

const { url: changed, mutant } = JSON.parse(process.env['MUTANT'] ?? '') as {
  readonly url: string;
  readonly mutant: Mutant;
};

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (url !== changed || loaded.source === undefined || loaded.source === null) return loaded;
    const source =
      typeof loaded.source === 'string' ? loaded.source : Buffer.from(loaded.source as Uint8Array).toString();
    return { ...loaded, source: mutated(source, mutant) };
  },
});
