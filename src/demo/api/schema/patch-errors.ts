import { WorkbenchError } from '../../../base/errors.ts';

/** The patch itself is not well-formed: the server answers 400. */
export function patchMalformed(message: string): WorkbenchError {
  return new WorkbenchError({ code: 'bad-usage', message });
}

/** A fault for which the server's own merge code has no status: it answers 500. */
export function patchBroken(message: string): WorkbenchError {
  return new WorkbenchError({ code: 'internal', message });
}

/** The patch is well-formed but does not apply to this object: the server answers 422. */
export function patchInvalid(message: string): WorkbenchError {
  return new WorkbenchError({ code: 'invalid', message });
}
