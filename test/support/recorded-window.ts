import { registerHooks } from 'node:module';

const recorder = new URL('vscode-recorder.ts', import.meta.url).href;

// Modules of src/host that are imported after this one get the recorder as `vscode`.
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'vscode' ? { url: recorder, shortCircuit: true } : next(specifier, context),
});
