/** The poker pod's name in every cluster: one a person. */
export function pokerPod(owner: string): string {
  return `poker-${owner}`;
}
