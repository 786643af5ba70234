/** The release whose behaviour this server follows and whose API surface its data is. */
const minor = 37;
const patch = 2;

export const versionInfo = {
  major: '1',
  minor: String(minor),
  emulationMajor: '1',
  emulationMinor: String(minor),
  minCompatibilityMajor: '1',
  minCompatibilityMinor: String(minor - 1),
  gitVersion: `v1.${minor}.${patch}+llm-d-demo`,
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: 'node',
  platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
};
