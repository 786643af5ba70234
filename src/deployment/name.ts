/** The name becomes part of pod names such as `<name>-decode-0-1-<hash>`, which must fit 63 characters. */
const deploymentName = /^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$/;

/** Why a text cannot name a deployment, as what to write instead; undefined: it can. */
export function deploymentNameProblem(text: string): string | undefined {
  return deploymentName.test(text)
    ? undefined
    : 'Use at most 30 lower-case letters, digits and dashes, starting with a letter and not ending with a dash.';
}
