import { errorText, WorkbenchError } from '../../base/errors.ts';
import { readSmallFile } from '../../base/small-file.ts';

/** A token, a certificate or a bundle of authorities. */
const MOST_BYTES = 4 * 2 ** 20;

/** What a kubeconfig holds in base64 or names as a file; data wins over a file, as in kubectl. */
export async function material(
  base64: string | undefined,
  file: string | undefined,
  context: string,
): Promise<Buffer | undefined> {
  if (base64 !== undefined && base64 !== '') return Buffer.from(base64, 'base64');
  return file === undefined ? undefined : readSecretFile(file, context);
}

export async function readSecretFile(file: string, context: string): Promise<Buffer> {
  try {
    return Buffer.from(await readSmallFile(file, MOST_BYTES));
  } catch (cause) {
    throw new WorkbenchError({
      code: 'kubeconfig-invalid',
      message: `cannot read ${file}, which context "${context}" of the kubeconfig names: ${errorText(cause)}`,
      hint: 'Log in to the cluster again, or correct the path in the kubeconfig.',
      cause,
    });
  }
}
